// The tablets of one peer, all in this process, driven by orders. A peer brings a class `Tablet`:
//
//   new Tablet(index, folder, arrived)   `arrived(id)` is called for every record that becomes readable, also when the
//                                        tablet opens, and with `card:<patient>` when a medication list becomes readable
//   open(patients)                       opens what it holds, without a network
//   create(patient, card)                makes the documents of a patient; returns addresses for the others
//   follow(patients, book)               begins to take part in patients it does not hold yet
//   write(record)                        resolves when the record is as durable as the peer makes it
//   connect(url), disconnect()
//   upToDate()                           resolves when the peer's own protocol says that there is nothing new
//   flush()                              resolves when everything held is written to the store
//   records()                            [id, note] of everything held, read from the documents
//   close()
//
// What a tablet must hold is decided by the workload, and only what became readable counts.

import { createHash } from 'node:crypto'
import { createReadStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { now, options, serve } from './program.mjs'

/** Milliseconds between two single edits: what the one before still has to write is written by then. */
const BETWEEN_EDITS = 30

export function run(Tablet) {
  const { dir, workload } = options()
  const patients = JSON.parse(readFileSync(join(workload, 'patients.json'), 'utf8'))
  const book = new Book(join(dir, 'documents.json'))
  const tablets = new Map()
  const wanted = new Map()
  let finished = () => {}

  const patientsOf = index => patients.filter(patient => patient.tablets.includes(index))

  function make(index) {
    const folder = join(dir, `tablet-${index}`)
    mkdirSync(folder, { recursive: true })
    const arrived = id => {
      const missing = wanted.get(index)
      if (missing?.delete(id)) finished(index, id)
    }
    const tablet = new Tablet(index, folder, arrived)
    tablets.set(index, tablet)
    return tablet
  }

  async function records(set) {
    const found = []
    for await (const line of createInterface({ input: createReadStream(join(workload, `${set}.jsonl`)) })) {
      const record = JSON.parse(line)
      record.owner = patients[record.patient]
      found.push(record)
    }
    return found
  }

  /** Waits until nothing is wanted any more. `expect` was called before whatever brings it. */
  function expect(index, ids) {
    const missing = wanted.get(index) ?? new Set()
    for (const id of ids) missing.add(id)
    wanted.set(index, missing)
  }

  function untilAllArrived(each = () => {}) {
    return new Promise(resolve => {
      const check = () => [...wanted.values()].every(missing => missing.size === 0) && resolve()
      finished = (index, id) => {
        each(index, id)
        if (wanted.get(index).size === 0) check()
      }
      check()
    })
  }

  function expectFromOthers(set, onlyThese = tablets) {
    for (const record of set) {
      for (const index of record.owner.tablets) {
        if (index !== record.tablet && onlyThese.has(index)) expect(index, [record.id])
      }
    }
  }

  const everywhere = perform => Promise.all([...tablets.values()].map(perform))

  serve({
    /** Opens tablets with what they hold. No network yet. */
    async open({ tablets: indexes }) {
      await Promise.all(indexes.map(index => make(index).open(patientsOf(index), book)))
    },

    /** Makes the patients and their history, in rounds in which everybody writes and everybody receives. Not timed. */
    async prepare({ url }) {
      const history = await records('history')
      const indexes = [...new Set(patients.flatMap(patient => patient.tablets))]
      await Promise.all(indexes.map(index => make(index).open([], book)))
      await everywhere(tablet => tablet.connect(url))
      for (const patient of patients) {
        const creator = tablets.get(patient.tablets[0])
        book.set(patient.patient, await creator.create(patient.patient, patient.card))
        for (const index of patient.tablets.slice(1)) expect(index, [`card:${patient.patient}`])
      }
      book.save()
      await everywhere(tablet => tablet.flush())
      for (const [index, tablet] of tablets) {
        const others = patientsOf(index).filter(patient => patient.tablets[0] !== index)
        await tablet.follow(others, book)
      }
      await untilAllArrived()
      const rounds = new Map()
      for (const record of history) rounds.set(record.round, [...(rounds.get(record.round) ?? []), record])
      for (const round of [...rounds.keys()].sort((a, b) => a - b)) {
        const set = rounds.get(round)
        expectFromOthers(set)
        for (const record of set) await tablets.get(record.tablet).write(record)
        await untilAllArrived()
      }
      await everywhere(tablet => tablet.flush())
    },

    /** Writes new records on the tablets that they belong to. */
    async write({ set }) {
      const fresh = (await records(set)).filter(record => tablets.has(record.tablet))
      for (const record of fresh) await tablets.get(record.tablet).write(record)
      await everywhere(tablet => tablet.flush())
      return { records: fresh.length }
    },

    /** All connect at once; done when every tablet can read everything the others wrote. */
    async recover({ url, set }) {
      expectFromOthers(await records(set))
      const begin = now()
      const all = untilAllArrived()
      await everywhere(tablet => tablet.connect(url))
      await all
      const held = now() - begin
      await everywhere(tablet => tablet.flush())
      return { held, stored: now() - begin }
    },

    /** Connects; done when the peer's own protocol says that nothing is new. */
    async nothing({ url }) {
      const begin = now()
      await everywhere(tablet => tablet.connect(url))
      await everywhere(tablet => tablet.upToDate())
      return { held: now() - begin }
    },

    /** One record after the other: written on one tablet, readable on another. Connected tablets. */
    async edits({ count }) {
      const set = (await records('edits')).slice(0, count)
      const seconds = []
      for (const record of set) {
        const reader = record.owner.tablets.find(index => index !== record.tablet)
        expect(reader, [record.id])
        const all = untilAllArrived()
        const begin = now()
        const written = tablets.get(record.tablet).write(record)
        await all
        seconds.push(now() - begin)
        await written
        await new Promise(resolve => setTimeout(resolve, BETWEEN_EDITS))
      }
      await everywhere(tablet => tablet.flush())
      return { seconds }
    },

    /** A new tablet with nothing but the addresses of its patients. */
    async provision({ tablet: index, patients: some, url, first, sets, patience }) {
      const mine = some.map(number => patients[number])
      const numbers = new Set(some)
      for (const set of sets) {
        for (const record of await records(set)) if (numbers.has(record.patient)) expect(index, [record.id])
      }
      expect(index, mine.map(patient => `card:${patient.patient}`))
      const firstCard = `card:${patients[first].patient}`
      let cards = mine.length
      let card
      let usable
      const begin = now()
      const all = untilAllArrived((_, id) => {
        if (!id.startsWith('card:')) return
        cards -= 1
        if (id === firstCard) card = now() - begin
        if (cards === 0) usable = now() - begin
      })
      const tablet = make(index)
      await tablet.open([], book)
      const everything = async () => {
        await tablet.connect(url)
        // The patient whose medication list is waited for is asked for first.
        await tablet.follow([patients[first], ...mine.filter(patient => patient !== patients[first])], book)
        await all
        const held = now() - begin
        await tablet.flush()
        return { held, stored: now() - begin }
      }
      const enough = new Promise(resolve => setTimeout(resolve, patience * 1000, {}))
      const done = await Promise.race([everything(), enough])
      return { card, usable, ...done }
    },

    /** What each tablet holds: how many records, and a digest of their ids and notes. */
    async digest() {
      const found = {}
      for (const [index, tablet] of tablets) {
        let sum = 0n
        let count = 0
        for (const [id, note] of await tablet.records()) {
          sum += createHash('sha256').update(`${id}\n${note}`).digest().readBigUInt64BE(0)
          count += 1
        }
        found[index] = { count, sum: (sum & 0xffffffffffffffffn).toString(16) }
      }
      return { tablets: found }
    },

    async disconnect() {
      await everywhere(tablet => tablet.disconnect())
    },

    async stop() {
      await everywhere(tablet => tablet.close())
    },
  })
}

/** Where the documents of a patient are found: what a region would keep in its directory of patients. */
class Book {
  constructor(path) {
    this.path = path
    this.entries = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {}
  }

  get(patient) {
    return this.entries[patient]
  }

  set(patient, addresses) {
    this.entries[patient] = addresses
  }

  save() {
    writeFileSync(this.path, JSON.stringify(this.entries))
  }
}
