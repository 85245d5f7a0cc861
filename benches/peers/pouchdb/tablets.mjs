// PouchDB over LevelDB: one database per tablet, one document per record, live replication both ways.

import { join } from 'node:path'
import PouchDB from 'pouchdb-node'
import { run } from '../common/tablets.mjs'

class Tablet {
  constructor(_, folder, arrived) {
    this.path = join(folder, 'db')
    this.arrived = arrived
    this.patients = []
  }

  async open(patients) {
    this.db = new PouchDB(this.path)
    this.patients = patients.map(patient => patient.patient)
    await this.db.info()
  }

  async create(patient, card) {
    await this.db.put({ _id: `card:${patient}`, patient, card })
    this.patients.push(patient)
    return {}
  }

  async follow(patients) {
    this.patients.push(...patients.map(patient => patient.patient))
    const running = this.url
    if (!running) return
    await this.disconnect()
    // The medication list that is waited for is fetched before everything else.
    const cards = patients.map(patient => `card:${patient.patient}`)
    await this.fetch(running, { doc_ids: cards.slice(0, 1) })
    await this.fetch(running, { doc_ids: cards })
    await this.connect(running)
  }

  async write({ id, owner, body }) {
    await this.db.put({ _id: id, patient: owner.patient, ...body })
  }

  fetch(url, options) {
    return this.db.replicate.from(url, options).on('change', change => this.readable(change.docs))
  }

  get selector() {
    return { patient: { $in: this.patients } }
  }

  async connect(url) {
    this.url = url
    if (this.patients.length === 0) return
    const live = { live: true, retry: true }
    this.push = this.db.replicate.to(url, live)
    this.pull = this.db.replicate.from(url, { ...live, selector: this.selector })
    this.pull.on('change', change => this.readable(change.docs))
    this.paused = Promise.all([this.push, this.pull].map(way => new Promise(resolve => way.once('paused', resolve))))
  }

  readable(docs) {
    for (const doc of docs) this.arrived(doc._id)
  }

  async upToDate() {
    await this.paused
  }

  async flush() {}

  async records() {
    const { rows } = await this.db.allDocs({ include_docs: true })
    return rows.filter(row => !row.id.startsWith('card:')).map(row => [row.id, row.doc.note])
  }

  async disconnect() {
    const ways = [this.push, this.pull].filter(Boolean)
    this.push = this.pull = this.url = undefined
    await Promise.all(ways.map(way => new Promise(resolve => {
      way.once('complete', resolve)
      way.once('error', resolve)
      way.cancel()
    })))
  }

  async close() {
    await this.disconnect()
    await this.db.close()
  }
}

run(Tablet)
