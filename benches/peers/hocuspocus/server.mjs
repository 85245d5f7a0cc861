// Hocuspocus with its SQLite extension.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Server } from '@hocuspocus/server'
import { SQLite } from '@hocuspocus/extension-sqlite'
import { options, say, serve } from '../common/program.mjs'

const { dir, host, port } = options()
const folder = join(dir, 'server')
mkdirSync(folder, { recursive: true })
const server = new Server({
  address: host,
  port: Number(port),
  quiet: true,
  stopOnSignals: false,
  // A tablet of this workload opens up to 200 documents at once, where 100 are expected.
  maxPendingDocuments: 1000,
  extensions: [new SQLite({ database: join(folder, 'documents.sqlite') })],
})
const hocuspocus = await server.listen()
say({ listening: server.address.port })

/** A document is written 2 s after its last change; asked for here, it is written at once: in the peer's favour. */
async function written() {
  hocuspocus.flushPendingStores()
  const busy = document => {
    const id = `onStoreDocument-${document.name}`
    return hocuspocus.debouncer.isDebounced(id)
      || hocuspocus.debouncer.isCurrentlyExecuting(id)
      || document.saveMutex.isLocked()
  }
  while ([...hocuspocus.documents.values()].some(busy)) await new Promise(resolve => setTimeout(resolve, 1))
}

serve({
  async durable() {
    await written()
  },
  async stop() {
    await written()
  },
})
