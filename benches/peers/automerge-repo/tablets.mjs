// automerge-repo with nodefs storage: one document per card and one per chart. A record is one atomic string in the
// chart's map of records, the cheapest form Automerge has for it.

import { join } from 'node:path'
import { ImmutableString, Repo } from '@automerge/automerge-repo'
import { WebSocketClientAdapter } from '@automerge/automerge-repo-network-websocket'
import { NodeFSStorageAdapter } from '@automerge/automerge-repo-storage-nodefs'
import { run } from '../common/tablets.mjs'

class Tablet {
  constructor(index, folder, arrived) {
    this.arrived = arrived
    this.charts = new Map()
    this.repo = new Repo({
      storage: new NodeFSStorageAdapter(join(folder, 'store')),
      sharePolicy: async () => true,
      peerId: `tablet-${index}-${process.pid}`,
    })
  }

  async open(patients, book) {
    await this.follow(patients, book)
  }

  async create(patient, card) {
    const of = this.repo.create({ patient: new ImmutableString(patient), card: new ImmutableString(JSON.stringify(card)) })
    const chart = this.repo.create({ records: {} })
    this.watch(patient, chart)
    return { card: of.documentId, chart: chart.documentId }
  }

  async follow(patients, book) {
    await Promise.all(patients.map(async ({ patient }) => {
      const { card, chart } = book.get(patient)
      const watched = async id => {
        for (;;) {
          try {
            return await this.repo.find(id)
          } catch (error) {
            // Not there yet: asked again, as an app would.
            if (!String(error).includes('unavailable')) throw error
            await new Promise(resolve => setTimeout(resolve, 200))
          }
        }
      }
      await Promise.all([
        watched(card).then(handle => {
          if (handle.doc()?.card) this.arrived(`card:${patient}`)
        }),
        watched(chart).then(handle => this.watch(patient, handle)),
      ])
    }))
  }

  watch(patient, handle) {
    this.charts.set(patient, handle)
    handle.on('change', ({ patches }) => {
      for (const { path } of patches) if (path[0] === 'records' && path.length === 2) this.arrived(path[1])
    })
    for (const id of Object.keys(handle.doc()?.records ?? {})) this.arrived(id)
  }

  async write({ id, owner, body }) {
    this.charts.get(owner.patient).change(chart => {
      chart.records[id] = new ImmutableString(JSON.stringify(body))
    })
  }

  async connect(url) {
    this.adapter = new WebSocketClientAdapter(url)
    this.repo.networkSubsystem.addNetworkAdapter(this.adapter)
    await new Promise(resolve => this.adapter.once('peer-candidate', resolve))
  }

  // The protocol has no word for "nothing new"; the harness waits until the link is silent.
  async upToDate() {}

  async flush() {
    await this.repo.flush()
  }

  async records() {
    const found = []
    for (const handle of this.charts.values()) {
      for (const [id, body] of Object.entries(handle.doc().records)) found.push([id, JSON.parse(body.toString()).note])
    }
    return found
  }

  async disconnect() {
    if (this.adapter) this.repo.networkSubsystem.removeNetworkAdapter(this.adapter)
    this.adapter = undefined
  }

  async close() {
    await this.flush()
  }
}

run(Tablet)
