// The triage screen: it holds the next comments ready, so that the answer to a
// key is the next comment, and decisions go out behind it.

import { Entry, Ask, Outbox, patience } from './outbox'
import { Live, News } from './live'
import { onKeys } from './keys'

interface Setup {
  texts: Record<string, string>
  keys: Record<string, string>
  help: [string, string][]
  blur: boolean
  pause: boolean
  live: boolean
  decides: boolean
  query: string
  state: string
  waits: number
  me: string
}

interface Item {
  id: string
  revision: number
  name: string
  article: string
  hostile: boolean
  double: boolean // judged a second time; nothing is decided
  node: HTMLElement
}

interface Taken {
  entry: Entry
  item: Item
  place: number
}

const ready = 10 // comments held
const refill = 5 // fetch more when fewer are left
const unsentMost = 20
const undoMost = 20
const renew = 40_000 // well within a claim's life of two minutes
const pauseAfter = 45 * 60_000
const pauseCount = 300
const firstLines = 72 // of a comment, in pixels: seen at once, whatever the screen

const html = (tag: string, attrs: Record<string, string> = {}, text = '') => {
  const e = document.createElement(tag)
  for (const k in attrs) e.setAttribute(k, attrs[k])
  e.textContent = text
  return e
}

export class Triage {
  private items: Item[] = []
  private at = 0
  private skip: string[] = []
  private taken: Taken[] = []
  private asking = false
  private again = false
  private dry = false // the server had no more
  private streak = 0
  private tab: string
  private outbox: Outbox
  private live: Live
  private here: News['here'] = []
  private effect = 0 // when the last decision takes effect, by the browser's clock
  private lastText = ''
  private begun = Date.now()
  private decided = 0
  private stage = html('div', { class: 'stage' })
  private list = html('ol', { class: 'window' })
  private foot = html('div', { class: 'foot' })
  private part: Record<string, HTMLElement> = {}

  constructor(private root: HTMLElement, private s: Setup) {
    this.tab = sessionStorage.getItem('freigabe-tab') || crypto.getRandomValues(new Uint32Array(4)).join('-')
    sessionStorage.setItem('freigabe-tab', this.tab)
    this.build()
    this.outbox = new Outbox(e => this.answered(e), (n, off) => this.unsent(n, off), () => this.expired())
    this.live = new Live(s.live, n => this.news(n), t => {
      this.part.live.textContent = (t === 'live' ? '● ' : '○ ') + this.t('queue.' + t)
      if (t === 'live') this.lease() // what happened while nobody told it
    })
    onKeys(s.keys, a => this.act(a))
    root.addEventListener('submit', e => this.submitted(e as SubmitEvent))
    setInterval(() => this.lease(), renew)
    setInterval(() => this.tick(), 500)
    addEventListener('online', () => this.outbox.flush())
    addEventListener('pagehide', () => {
      this.outbox.flush()
      fetch('/desk/release', { method: 'POST', keepalive: true, headers: this.headers() }).catch(() => 0)
    })
    addEventListener('pageshow', e => { if (e.persisted) location.reload() })
    this.lease(true)
  }

  private t(key: string, values: Record<string, string | number> = {}) {
    return (this.s.texts[key] || key).replace(/\{(\w+)\}/g, (m, k) => String(values[k] ?? m))
  }

  private headers() { return { 'Content-Type': 'application/json', Accept: 'application/json', 'X-Tab': this.tab } }

  private build() {
    const old = this.root.querySelector<HTMLElement>('.item')
    const frame = html('div', { class: 'desk' })
    const side = html('nav', { 'aria-label': this.t('queue.window') })
    side.append(this.list)
    frame.append(side, this.stage)
    for (const n of ['say', 'timer', 'unsent', 'here', 'care', 'live']) this.part[n] = html('span', n === 'say' ? { role: 'status' } : {})
    this.part.undo = html('button', { type: 'button', hidden: '' }, this.t('action.undo'))
    this.part.undo.onclick = () => this.undo()
    this.foot.append(this.part.say, this.part.timer, this.part.undo, this.part.unsent, this.part.here, this.part.care, this.part.live)
    this.list.addEventListener('click', e => {
      const b = (e.target as HTMLElement).closest('button')
      if (b) this.go([...this.list.querySelectorAll('button')].indexOf(b))
    })
    if (old) this.stage.append(old)
    this.root.replaceChildren(frame, this.foot)
  }

  // lease asks for the next comments, renews what is held and hears what is gone.
  private async lease(fresh = false) {
    if (this.asking) {
      this.again = true
      return
    }
    this.asking = true
    const open = new Set(this.taken.filter(t => !t.entry.answer).map(t => t.item.id))
    try {
      const r = await fetch('/desk/lease?' + this.s.query, {
        method: 'POST', headers: this.headers(), signal: AbortSignal.timeout(patience),
        body: JSON.stringify({
          fresh, n: Math.max(0, ready - (this.items.length - this.at)), skip: [...this.skip, ...open],
          keep: this.items.filter(i => !this.outbox.busy(i.id)).map(i => ({ id: i.id, revision: i.revision, double: i.double })), streak: this.tail(),
        }),
      })
      if (r.status === 401) return this.expired()
      if (r.ok) this.take(await r.json())
    } catch { this.outbox.flush() } finally {
      this.asking = false
      if (this.again) {
        this.again = false
        this.lease()
      }
    }
  }

  // tail counts the hostile comments at the end of what is held.
  private tail() {
    let n = 0
    for (let i = this.items.length - 1; i >= 0 && this.items[i].hostile; i--) n++
    return n === this.items.length ? n + this.streak : n
  }

  private take(a: { items: (Item & { html: string })[]; gone: { id: string; editor?: string; step?: string }[] }) {
    for (const g of a.gone) this.drop(g.id, g.editor ? this.t('conflict.by', { editor: g.editor, decision: g.step || '' }) : this.t('conflict.edited'))
    const shown = this.items[this.at]
    for (const x of a.items) {
      if (this.items.some(i => i.id === x.id) || this.taken.some(t => !t.entry.answer && t.item.id === x.id)) continue
      const box = document.createElement('template')
      box.innerHTML = x.html
      this.items.push({ ...x, node: box.content.firstElementChild as HTMLElement })
    }
    this.dry = a.items.length === 0
    if (!shown) this.show()
    this.draw()
  }

  // drop takes away what somebody else decided, or what changed.
  private drop(id: string, why: string) {
    const i = this.items.findIndex(x => x.id === id)
    if (i < 0) return
    const current = i === this.at
    this.items.splice(i, 1)
    if (i < this.at) this.at--
    if (current) {
      this.say(why)
      this.show()
    }
  }

  private go(to: number) {
    if (to < 0 || to >= this.items.length) return
    this.at = to
    this.show()
  }

  private show() {
    this.at = Math.max(0, Math.min(this.at, this.items.length - 1))
    const item = this.items[this.at]
    if (!item) {
      const p = html('p', { class: 'empty', tabindex: '-1' }, this.t(this.dry ? this.skip.length ? 'queue.empty.skipped' : 'queue.empty' : 'queue.loading'))
      this.stage.replaceChildren(p)
      if (this.skip.length && this.dry) {
        const b = html('button', { type: 'button' }, this.t('queue.again'))
        b.onclick = () => { this.skip = []; this.lease() }
        this.stage.append(b)
      }
      this.draw()
      return
    }
    this.stage.replaceChildren(item.node)
    if (this.s.blur && item.hostile && !item.node.dataset.seen) this.veil(item, true)
    else if (item.hostile) this.exposed(item)
    const name = item.node.querySelector<HTMLElement>('h2')!
    name.focus({ preventScroll: true })
    scrollTo(0, 0)
    // On a small screen, or at 400 %, the head of the page and the bar of decisions,
    // which stays at the bottom, leave no room for the first lines of the comment.
    const text = item.node.querySelector('.words')!.getBoundingClientRect()
    const bar = item.node.querySelector('.decide .main')?.getBoundingClientRect().top ?? innerHeight
    if (text.top + Math.min(text.height, firstLines) > Math.min(innerHeight, bar)) item.node.scrollIntoView()
    this.draw()
  }

  private veil(item: Item, on: boolean) {
    const v = item.node.querySelector('.veil')!
    v.classList.toggle('on', on)
    v.querySelector('.words')!.setAttribute('aria-hidden', String(on))
    const b = v.querySelector<HTMLButtonElement>('.reveal')!
    b.hidden = !on
    b.onclick = () => { item.node.dataset.seen = '1'; this.veil(item, false); this.exposed(item) }
  }

  // exposed counts the hard texts of the day, for this person's eyes only.
  private exposed(item: Item) {
    if (item.node.dataset.counted) return
    item.node.dataset.counted = '1'
    const mine = 'freigabe-hard-', today = mine + this.s.me + new Date().toDateString()
    for (const k of Object.keys(localStorage)) if (k.startsWith(mine) && !k.endsWith(new Date().toDateString())) localStorage.removeItem(k)
    const n = +(localStorage.getItem(today) || 0) + 1
    localStorage.setItem(today, String(n))
    this.part.care.textContent = this.t('care.exposure', { n })
  }

  private draw() {
    this.list.replaceChildren(...this.items.map((x, i) => {
      const b = html('button', i === this.at ? { type: 'button', 'aria-current': 'true' } : { type: 'button' }, x.name)
      const li = html('li')
      li.append(b)
      return li
    }))
    const article = this.items[this.at]?.article
    const names = this.here.filter(h => h.article === article).map(h => h.name).join(', ')
    this.part.here.textContent = names && this.t('queue.presence', { editors: names })
  }

  private say(text: string) { this.part.say.textContent = this.lastText = text }

  private tick() {
    const left = Math.ceil((this.effect - Date.now()) / 1000)
    const last = this.taken[this.taken.length - 1]
    this.part.undo.hidden = !last || left <= 0 && !!last.entry.answer
    this.part.timer.textContent = last && left > 0 && !last.entry.ask.double ? this.t(last.entry.ask.step === 'approve' ? 'hold.public' : 'hold.effect', { n: left }) : ''
    if (this.s.pause && (Date.now() - this.begun > pauseAfter || this.decided >= pauseCount)) {
      this.begun = Date.now()
      this.decided = 0
      this.part.care.textContent = this.t('care.streak')
    }
  }

  private unsent(n: number, offline: boolean) {
    this.part.unsent.textContent = offline ? this.t('error.offline') + ' ' + this.t('queue.unsent', { n }) : n > 1 ? this.t('queue.unsent', { n }) : ''
    this.part.unsent.className = offline ? 'bad' : 'soft'
    this.part.unsent.toggleAttribute('data-offline', offline)
    this.root.dataset.unsent = String(n)
  }

  private expired() {
    const a = html('a', { href: '/desk/login?next=' + encodeURIComponent('/desk/?' + this.s.query) }, this.t('signin.expired'))
    this.part.say.replaceChildren(a)
  }

  private news(n: News) {
    for (const k in n.waits) {
      const at = document.querySelector(`[data-count="${k}"]`)
      if (at) at.textContent = new Intl.NumberFormat(document.documentElement.lang).format(n.waits[k]) + (n.waits[k] < 10000 ? '' : '+')
    }
    document.title = document.title.replace(/^(\(\d+\) )?/, n.waits[this.s.state] ? `(${n.waits[this.s.state]}) ` : '')
    this.here = n.here
    const mine = (n.changed || []).filter(id => this.items.some(i => i.id === id))
    // What was not shown yet is fetched again, for its assessment may be new.
    this.items = this.items.filter((x, i) => i <= this.at || !mine.includes(x.id))
    if (mine.length || n.changed && this.items.length - this.at < refill) this.lease()
    else this.draw()
  }

  // submitted takes a decision from a button: pressed, clicked or by key.
  private submitted(e: SubmitEvent) {
    const form = e.target as HTMLFormElement, item = this.items[this.at]
    if (!item || !item.node.contains(form)) return
    e.preventDefault()
    const button = e.submitter as HTMLButtonElement | null
    if (!button) return
    if ('letter' in button.dataset) return void this.letter(form, button)
    const [step, rest] = button.value.split(':')
    const data = new FormData(form)
    const field = (n: string) => String(data.get(n) || '').trim()
    const ask: Ask = { id: item.id, step, revision: item.revision, score_seen: !data.has('blind'), double: item.double }
    if (step === 'later') return this.later()
    if (step === 'decline') ask.reason = rest
    if (step === 'escalate') {
      ask.reason = field('why')
      ask.would = field('would')
    }
    ask.pass_on = step === 'approve' || step === 'reject' || step === 'return'
    if (step === 'note') {
      if (field('note')) this.note(item, { ...ask, reason: field('note') })
      return
    }
    if (step === 'uphold' || step === 'overturn') {
      ask.reason = field('answer')
      if (!ask.reason) return this.want(form, 'answer', 'appeals.answer.missing')
    }
    if (step === 'reject' || step === 'return') {
      ask.rule = rest || field('rule')
      if (!ask.rule) return this.want(form, 'rule', 'decide.rule.choose')
      ask.reason = rest ? field('reason.' + rest) : field('reason')
      ask.usual = true
    }
    this.decide(item, ask)
  }

  // letter shows what the author would get, as the server composes it.
  private async letter(form: HTMLFormElement, button: HTMLButtonElement) {
    const r = await fetch(button.formAction, { method: 'POST', body: new URLSearchParams(new FormData(form, button) as never) }).catch(() => 0 as const)
    if (!r) return this.say(this.t('error.offline'))
    const page = new DOMParser().parseFromString(await r.text(), 'text/html')
    this.sheet(this.t('decide.preview'), page.querySelector('#letter') || page.querySelector('main p') || html('p'))
  }

  private want(form: HTMLFormElement, name: string, text: string) {
    const field = form.elements.namedItem(name) as HTMLElement
    field.closest('details')?.setAttribute('open', '')
    field.focus()
    this.say(this.t(text))
  }

  private note(item: Item, ask: Ask) {
    this.outbox.add({ ask })
    const at = item.node.querySelector<HTMLTextAreaElement>('[name=note]')!
    item.node.querySelector('.what')!.append(html('p', { class: 'remark' }, at.value))
    at.value = ''
    at.closest('details')!.open = false
    this.say(this.t('done.note'))
  }

  private decide(item: Item, ask: Ask) {
    if (this.outbox.size >= unsentMost) return this.say(this.t('error.offline'))
    const entry: Entry = { ask }
    this.taken.push({ entry, item, place: this.at })
    if (this.taken.length > undoMost) this.taken.shift()
    this.items.splice(this.at, 1)
    this.streak = item.hostile ? this.streak + 1 : 0
    this.decided++
    this.effect = Date.now() + 8000 // until the answer says how long
    this.say('✓ ' + this.t('done.' + (ask.double ? 'double' : ask.step), { name: item.name }))
    this.outbox.add(entry)
    this.show()
    this.tick()
    if (this.items.length - this.at < refill) this.lease()
  }

  // answered hears what became of a decision.
  private answered(e: Entry) {
    const a = e.answer!
    const t = this.taken.find(x => x.entry === e)
    if (a.code === 200) {
      if (a.decision?.hold_until && t && t === this.taken[this.taken.length - 1]) {
        this.effect = Date.now() + Date.parse(a.decision.hold_until) - Date.parse(a.decision.at)
      }
      if (a.decision?.step === 'escalate' && e.ask.pass_on) this.say(this.t('done.opinion'))
      this.root.dataset.saved = String(+(this.root.dataset.saved || 0) + 1)
      return
    }
    if (t) this.taken.splice(this.taken.indexOf(t), 1)
    if (e.undoes) return this.say(this.t('hold.over'))
    const name = t ? t.item.name + ': ' : ''
    if (a.by && a.error?.decision) return this.say(name + this.t('conflict.by', { editor: a.by, decision: this.t('step.' + a.error.decision.step) }))
    this.say(name + (a.error?.title || ''))
    if (a.code !== 409 && a.code !== 404 && t) this.back(t)
  }

  // back puts a comment on the screen again.
  private back(t: Taken) {
    this.at = Math.min(t.place, this.items.length)
    this.items.splice(this.at, 0, t.item)
    this.show()
  }

  private undo() {
    const t = this.taken.pop()
    if (!t) return
    if (!this.outbox.take(t.entry)) {
      if (t.entry.answer && this.effect < Date.now()) {
        return this.say(this.t('hold.over'))
      }
      this.outbox.add({ ask: { id: t.item.id, step: 'undo', revision: t.item.revision, score_seen: t.entry.ask.score_seen, double: t.item.double }, undoes: t.entry })
    }
    this.say(this.t('done.undo'))
    this.back(t)
    this.tick()
  }

  private later() {
    const [x] = this.items.splice(this.at, 1)
    if (!x) return
    this.skip.push(x.id)
    this.say(this.t('done.later'))
    this.show()
    this.lease()
  }

  // act does what a key asks for; false leaves the key to the browser.
  act(action: string): boolean {
    const item = this.items[this.at], node = item?.node
    const find = <T extends HTMLElement>(sel: string) => node?.querySelector<T>(sel) || null
    const toggle = (sel: string, focus = '') => {
      const d = find<HTMLDetailsElement>(sel)
      if (!d) return true
      d.open = focus ? true : !d.open
      if (focus) d.querySelector<HTMLElement>(focus)?.focus()
      return true
    }
    switch (action) {
      case 'undo': this.undo(); return true
      case 'next': this.go(this.at + 1); return true
      case 'previous': this.go(this.at - 1); return true
      case 'live': this.live.toggle(); return true
      case 'help': this.help(); return true
      case 'search': document.querySelector<HTMLElement>('[name=q]')?.focus(); return true
      case 'theme': this.theme(); return true
      case 'article': return toggle('.story')
      case 'parent': return toggle('.above')
      case 'author': return toggle('.record')
      case 'guide': {
        const open = node?.querySelectorAll<HTMLDetailsElement>('.guide[open]')
        if (open?.length) open.forEach(d => { d.open = false })
        else (find<HTMLDetailsElement>('.high .guide') || find<HTMLDetailsElement>('.middle .guide') || find<HTMLDetailsElement>('.guide'))!.open = true
        return true
      }
      case 'reason': return toggle('.texts', 'textarea')
      case 'note': return toggle('.memo', 'textarea')
      case 'reject': return toggle('.more', 'select')
      case 'return': if (!find<HTMLSelectElement>('[name=rule]')?.value) return toggle('.more', 'select'); break
      case 'open': { const a = find<HTMLAnchorElement>('.on a'); if (a) window.open(a.href, '_blank', 'noopener'); return true }
      case 'reveal': {
        const veiled = find('.veil.on .reveal')
        veiled?.click()
        return !!veiled
      }
      case 'span': this.span(node); return true
      case 'law': { const why = find<HTMLTextAreaElement>('[name=why]'); if (why) why.value = this.t('keys.law.reason'); action = 'escalate' }
    }
    const button = find<HTMLButtonElement>(`button[data-act="${action}"]`)
    if (button && !item.node.querySelector('.veil.on')) button.form!.requestSubmit(button)
    return true
  }

  private span(node?: HTMLElement) {
    const marks = [...(node?.querySelectorAll('mark') || [])]
    const i = marks.findIndex(m => m.classList.contains('at'))
    marks[i]?.classList.remove('at')
    const next = marks[(i + 1) % marks.length]
    next?.classList.add('at')
    next?.scrollIntoView({ block: 'nearest' })
  }

  private theme() {
    const root = document.documentElement, now = root.dataset.theme || ''
    const next = now === '' ? 'dark' : now === 'dark' ? 'light' : ''
    if (next) root.dataset.theme = next
    else delete root.dataset.theme
    fetch('/desk/settings', { method: 'POST', body: new URLSearchParams({ theme: next || 'system' }), redirect: 'manual' }).catch(() => 0)
  }

  private help() {
    const box = html('div')
    const dl = html('dl', { class: 'keys' })
    for (const [key, text] of this.s.help) {
      const row = html('div'), dt = html('dt')
      dt.append(html('kbd', {}, key))
      row.append(dt, html('dd', {}, text))
      dl.append(row)
    }
    box.append(html('p', { class: 'soft' }, this.t('keys.hint')), dl)
    this.sheet(this.t('keys.title'), box)
  }

  private sheet(title: string, content: Element) {
    const d = document.createElement('dialog')
    d.setAttribute('aria-labelledby', 'sheet')
    const close = html('button', {}, this.t('keys.close'))
    const form = html('form', { method: 'dialog' })
    form.append(close)
    d.append(html('h2', { id: 'sheet' }, title), content, form)
    d.addEventListener('close', () => d.remove())
    document.body.append(d)
    d.showModal()
  }
}
