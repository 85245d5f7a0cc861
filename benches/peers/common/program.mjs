// What every peer written in JavaScript shares: orders as JSON lines on standard input, one answer line each.

import { createInterface } from 'node:readline'

/** Values of `--name value` on the command line. */
export function options() {
  const found = {}
  for (let at = 2; at < process.argv.length; at += 2) found[process.argv[at].slice(2)] = process.argv[at + 1]
  return found
}

export function say(answer) {
  process.stdout.write(JSON.stringify(answer) + '\n')
}

/** Performs one order after the other. An order that fails is answered with its error; the program goes on. */
export async function serve(orders) {
  for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line)
    try {
      const perform = orders[order.do]
      if (!perform) throw new Error(`no such order: ${order.do}`)
      say({ ok: true, ...(await perform(order)) })
    } catch (error) {
      say({ ok: false, error: String(error?.stack ?? error) })
    }
    if (order.do === 'stop') break
  }
  process.exit(0)
}

/** Seconds on a clock that never jumps. */
export function now() {
  return Number(process.hrtime.bigint()) / 1e9
}
