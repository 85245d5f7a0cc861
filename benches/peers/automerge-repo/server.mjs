// What @automerge/automerge-repo-sync-server does, on the current automerge-repo (the published program still uses
// version 1): a repo with nodefs storage that shares a document with whoever asks for it.

import { createServer } from 'node:http'
import { join } from 'node:path'
import { Repo } from '@automerge/automerge-repo'
import { NodeWSServerAdapter } from '@automerge/automerge-repo-network-websocket'
import { NodeFSStorageAdapter } from '@automerge/automerge-repo-storage-nodefs'
import { WebSocketServer } from 'ws'
import { options, say, serve } from '../common/program.mjs'

const { dir, host, port } = options()
const http = createServer()
const repo = new Repo({
  network: [new NodeWSServerAdapter(new WebSocketServer({ server: http }))],
  storage: new NodeFSStorageAdapter(join(dir, 'server')),
  peerId: 'storage-server',
  sharePolicy: async () => false,
})
http.listen(Number(port), host, () => say({ listening: http.address().port }))

serve({
  // Writes at once what would otherwise be written up to 100 ms later: in the peer's favour.
  async durable() {
    await repo.flush()
  },
  async stop() {
    await repo.flush()
  },
})
