// The outbox sends decisions in the order in which they were taken, a few at a
// time, and again after a failure: the server takes each one once. What was not
// acknowledged survives a reload; it holds decisions, never a comment's text.

export interface Ask {
  id: string
  step: string
  revision: number
  rule?: string
  reason?: string
  usual?: boolean
  pass_on?: boolean
  would?: string
  score_seen: boolean
  decision?: string
  double?: boolean
}

export interface Outcome {
  id: string
  code: number
  status?: string
  decision?: { id: string; step: string; at: string; hold_until?: string }
  error?: { title: string; key?: string; decision?: { editor: string; step: string } }
  by?: string
}

export interface Entry {
  ask: Ask
  answer?: Outcome
  undoes?: Entry // its decision's id is known only when that one was answered
}

const store = 'freigabe-outbox'
const pause = 300 // milliseconds in which decisions gather
const together = 5

// patience is how long a request may hang, in milliseconds: a connection that is
// cut without a word would otherwise hold up everything that comes after.
export const patience = 20_000

export class Outbox {
  private waiting: Entry[] = []
  private sending = false
  private timer = 0
  private failures = 0

  constructor(private done: (e: Entry) => void, private changed: (unsent: number, offline: boolean) => void, private expired: () => void) {
    try {
      for (const ask of JSON.parse(sessionStorage.getItem(store) || '[]')) this.waiting.push({ ask })
    } catch { /* storage forbidden or damaged: nothing to take over */ }
    if (this.waiting.length) this.soon(0)
  }

  // busy tells that a decision on a comment is under way.
  busy(id: string) { return this.waiting.some(e => e.ask.id === id) }

  get size() { return this.waiting.length }

  add(e: Entry) {
    this.waiting.push(e)
    this.keep()
    this.soon(this.waiting.length >= together ? 0 : pause)
  }

  // take removes a decision that was not sent yet.
  take(e: Entry): boolean {
    const i = this.waiting.indexOf(e)
    if (i < 0 || this.sending && i < together) return false
    this.waiting.splice(i, 1)
    this.keep()
    return true
  }

  flush() { this.soon(0) }

  private keep() {
    try {
      sessionStorage.setItem(store, JSON.stringify(this.waiting.map(e => e.ask)))
    } catch { /* storage forbidden or full: the window alone holds them */ }
    this.changed(this.waiting.length, this.failures > 0)
  }

  private soon(ms: number) {
    clearTimeout(this.timer)
    this.timer = window.setTimeout(() => this.send(), ms)
  }

  private async send() {
    if (this.sending || !this.waiting.length) return
    const part = this.waiting.slice(0, together)
    // An undo waits until the decision that it takes back is answered.
    const cut = part.findIndex(e => e.undoes && !e.undoes.answer)
    const now = cut > 0 ? part.slice(0, cut) : part
    for (const e of now) if (e.undoes?.answer?.decision) e.ask.decision = e.undoes.answer.decision.id
    this.sending = true
    let ok = false
    try {
      const r = await fetch('/api/v1/desk/batches', {
        method: 'POST', keepalive: true, signal: AbortSignal.timeout(patience), headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
        body: JSON.stringify({ decisions: now.map(e => e.ask) }),
      })
      if (r.status === 401) {
        this.sending = false
        return this.expired()
      }
      if (r.ok) {
        const { results } = await r.json() as { results: Outcome[] }
        this.waiting.splice(0, now.length)
        this.failures = 0
        ok = true
        now.forEach((e, i) => { e.answer = results[i]; this.done(e) })
      }
    } catch { /* no connection: again, in a while */ }
    if (!ok) this.failures++
    this.sending = false
    this.keep()
    if (this.waiting.length) this.soon(ok ? 0 : Math.min(15000, 500 * 2 ** this.failures))
  }
}
