// express-pouchdb over LevelDB: one database for the region, as CouchDB replication is used where a client names what it
// wants by a selector. express-pouchdb does not hand the selector of a changes request on to PouchDB; the first handler
// below does, in the peer's favour: otherwise every tablet would be sent every patient.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import express from 'express'
import expressPouchDB from 'express-pouchdb'
import PouchDB from 'pouchdb-node'
import { options, say, serve } from '../common/program.mjs'

const { dir, host, port } = options()
const folder = join(dir, 'server')
mkdirSync(folder, { recursive: true })
const Stored = PouchDB.defaults({ prefix: folder + '/' })
const region = new Stored('region')
await region.info()

const app = express()
app.post('/region/_changes', express.json({ limit: '4mb' }), (request, _, next) => {
  if (request.body?.selector) request.query.selector = request.body.selector
  next()
})
app.use('/', expressPouchDB(Stored, { mode: 'minimumForPouchDB', inMemoryConfig: true, logPath: join(folder, 'log.txt') }))
const listening = app.listen(Number(port), host, () => say({ listening: listening.address().port }))

serve({
  // A push is answered after LevelDB has written it, so what tablets received from here is written here.
  async durable() {},
  async stop() {
    await region.close()
  },
})
