// Yjs with y-leveldb: one document per card and one per chart, a record is one atomic string in the chart's map. One
// websocket per tablet carries all its documents; presence ("awareness") is off, which saves the peer bytes.

import { join } from 'node:path'
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { LeveldbPersistence } from 'y-leveldb'
import WebSocket from 'ws'
import * as Y from 'yjs'
import { run } from '../common/tablets.mjs'

class Tablet {
  constructor(_, folder, arrived) {
    this.arrived = arrived
    this.documents = new Map()
    this.pending = new Set()
    this.store = new LeveldbPersistence(join(folder, 'leveldb'))
  }

  async open(patients, book) {
    await this.follow(patients, book)
  }

  async create(patient, card) {
    await this.follow([{ patient }])
    this.documents.get(`card-${patient}`).getMap('card').set('card', JSON.stringify(card))
    return {}
  }

  async follow(patients) {
    for (const { patient } of patients) {
      await this.load(`card-${patient}`, document => {
        const map = document.getMap('card')
        const look = () => map.has('card') && this.arrived(`card:${patient}`)
        map.observe(look)
        look()
      })
      await this.load(`chart-${patient}`, document => {
        const map = document.getMap('records')
        map.observe(event => event.keysChanged.forEach(this.arrived))
        map.forEach((_, id) => this.arrived(id))
      })
    }
  }

  async load(name, watch) {
    const document = await this.store.getYDoc(name)
    document.on('update', update => {
      const stored = this.store.storeUpdate(name, update).then(() => this.pending.delete(stored))
      this.pending.add(stored)
    })
    watch(document)
    this.documents.set(name, document)
    if (this.socket) this.attach(name, document)
  }

  async write({ id, owner, body }) {
    this.documents.get(`chart-${owner.patient}`).getMap('records').set(id, JSON.stringify(body))
    await this.flush()
  }

  async connect(url) {
    this.socket = new HocuspocusProviderWebsocket({ url, WebSocketPolyfill: WebSocket })
    this.providers = new Map()
    for (const [name, document] of this.documents) this.attach(name, document)
  }

  attach(name, document) {
    const provider = new HocuspocusProvider({
      websocketProvider: this.socket, name, document, awareness: null, token: '-',
    })
    this.providers.set(name, provider)
    provider.attach()
  }

  async upToDate() {
    await Promise.all([...this.providers.values()].map(provider =>
      provider.synced || new Promise(resolve => provider.on('synced', resolve))))
  }

  async flush() {
    while (this.pending.size > 0) await Promise.all(this.pending)
  }

  async records() {
    const found = []
    for (const [name, document] of this.documents) {
      if (!name.startsWith('chart-')) continue
      document.getMap('records').forEach((body, id) => found.push([id, JSON.parse(body).note]))
    }
    return found
  }

  async disconnect() {
    for (const provider of this.providers?.values() ?? []) provider.destroy()
    this.socket?.destroy()
    this.socket = this.providers = undefined
  }

  async close() {
    await this.disconnect()
    await this.flush()
    await this.store.destroy()
  }
}

run(Tablet)
