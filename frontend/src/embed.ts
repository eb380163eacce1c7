import {ago, ask, fill, make, one, shelf, Words} from './parts/dom'
import {Sender, Sent} from './parts/form'
import {frames} from './parts/frame'
import {Live} from './parts/live'

// The reader's script: <freigabe-comments article="ID">. What the server wrote
// into the element works without it; it adds answering in place, the author's own
// waiting comments, more comments without leaving the page, and news. An empty
// element fetches the section when it comes near the screen.

const script = document.currentScript as HTMLScriptElement | null
const home = script?.src ? new URL(script.src).origin : location.origin

// What outlives an element that a single-page application takes out and puts back.
const drafts = new Map<string, string>()
const mine = new Map<string, Sent[]>()

type Counts = Record<string, number>

class FreigabeComments extends HTMLElement {
  static observedAttributes = ['article', 'url', 'token']
  private api = home
  private words: Words = {}
  private live?: Live
  private near?: IntersectionObserver
  private count = 0
  private round = 0 // grows when what is under way does not count any more

  // No property is named as an attribute is: React would set it instead.
  private get thread() {
    return this.getAttribute('article') || ''
  }

  connectedCallback() {
    this.api = new URL(this.getAttribute('src') || home, location.href).origin
    this.addEventListener('click', this.clicked)
    this.addEventListener('submit', this.submitted)
    this.addEventListener('input', this.typed)
    if (one(this, '.fg-section')) return this.start()
    this.near = new IntersectionObserver(entries => entries.some(e => e.isIntersecting) && this.load(), {rootMargin: '800px'})
    this.near.observe(this)
  }

  disconnectedCallback() {
    this.round++
    this.live?.stop()
    this.near?.disconnect()
    this.removeEventListener('click', this.clicked)
    this.removeEventListener('submit', this.submitted)
    this.removeEventListener('input', this.typed)
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null) {
    if (name === 'token') return this.signOn()
    if (before === null || before === now || !this.isConnected) return
    this.live?.stop()
    if (name === 'url') this.removeAttribute('article')
    this.load()
  }

  // load brings the section of this element's article.
  private async load() {
    this.near?.disconnect()
    const round = ++this.round
    this.style.display ||= 'block'
    try {
      if (!this.thread) {
        const canonical = one<HTMLLinkElement>(document, 'link[rel=canonical]')?.href
        const {id} = await ask(`${this.api}/api/v1/articles?url=${encodeURIComponent(this.getAttribute('url') || canonical || location.href)}`)
        if (!id) return
        if (round === this.round) this.setAttribute('article', id)
      }
      const section = one(await this.fetch(''), '.fg-section')!
      if (round !== this.round) return
      this.classList.add('fg')
      this.style.display = ''
      this.replaceChildren(section)
      this.start()
    } catch {
      // the link that the page wrote into the element stays
    }
  }

  // fetch gets the section as the server shows it for a query.
  private async fetch(query: string) {
    style(this.api)
    const r = await fetch(`${this.api}/embed/articles/${this.thread}?assets=0&lang=${one(this, '.fg-section')?.lang || ''}${query}`, {credentials: 'omit'})
    if (!r.ok) throw r
    return new DOMParser().parseFromString(await r.text(), 'text/html')
  }

  private start() {
    const section = one(this, '.fg-section')!
    this.words = JSON.parse(section.dataset.words || '{}')
    this.count = Number(section.dataset.count)
    ago(section, section.lang)
    this.counts(section)
    this.signOn()
    this.restore()
    this.live = new Live(this, this.api, this.thread, this.news)
    const asked = /^#k(\w+)$/.exec(location.hash)
    if (asked && !document.getElementById('k' + asked[1])) this.show(`&k=${asked[1]}`, asked[1])
    else if (asked) document.getElementById('k' + asked[1])!.scrollIntoView()
  }

  // signOn shows the form to a reader for whom the page vouches by a token; name
  // and address come from there.
  private signOn() {
    if (!this.getAttribute('token')) return
    const note = one(this, '.fg-signon')
    if (note) note.hidden = true
    this.querySelectorAll<HTMLElement>('.fg-form').forEach(f => (f.hidden = false))
    this.querySelectorAll('.fg-who').forEach(e => e.remove())
  }

  // signIn opens the sign-in in a window of its own, which hands its token over.
  private signIn(a: HTMLAnchorElement) {
    const w = open(`${a.href}&origin=${location.origin}`, '', 'popup,width=480,height=680')
    addEventListener('message', e => {
      if (e.source === w && e.origin === this.api && e.data.freigabeToken) this.setAttribute('token', e.data.freigabeToken)
    })
  }

  // restore brings back drafts, and the waiting comments of this author.
  private restore() {
    const form = one<HTMLFormElement>(this, '.fg-section > .fg-form')
    if (form) this.draft(form, this.thread)
    mine.get(this.thread)?.forEach(s => this.own(s))
    for (const receipt of shelf.read()[this.thread] || []) if (!mine.get(this.thread)?.some(s => s.receipt === receipt)) this.recall(receipt)
  }

  private async recall(receipt: string) {
    const c = await ask(this.api + '/api/v1' + receipt)
    if (c.status === 'pending') this.own({...c, receipt})
  }

  // show replaces the comments by another page or order of them, or adds to them.
  private async show(query: string, focus = '', more = false) {
    const round = this.round
    const doc = await this.fetch(query).catch(() => undefined)
    if (!doc || round !== this.round) return this.status(this.words.unavailable)
    const section = one(this, '.fg-section')!
    const first = one(doc, '.fg-comment')?.id
    ago(doc, section.lang)
    if (more) one(this, '.fg-list')?.append(...one(doc, '.fg-list')?.children || [])
    else one(this, '.fg-comments')!.replaceWith(one(doc, '.fg-comments')!)
    for (const nav of ['.fg-sort', '.fg-pages', '.fg-count']) {
      const fresh = one(doc, nav)
      const old = one(this, nav)
      if (old && fresh) old.replaceWith(fresh)
      else if (fresh) one(this, '.fg-comments')!.after(fresh)
      else old?.remove()
    }
    const fresh = one(doc, '.fg-section')!
    this.count = Number(fresh.dataset.count)
    this.counts(fresh)
    one(this, '.fg-new')?.remove()
    const target = document.getElementById(focus ? 'k' + focus : first || '')
    if (!target) return
    target.tabIndex = -1
    target.focus({preventScroll: !focus && !more})
    if (focus) target.scrollIntoView()
  }

  // news offers comments that were released meanwhile; nothing moves by itself,
  // except that what was taken down goes. By then nothing on the way has the page
  // as it was before, which may be kept for two seconds.
  private news = (count: number) => {
    const fresh = count - this.count
    if (fresh < 0) setTimeout(() => one(this, '.fg-comments .fg-form') || this.show(''), 2000)
    if (fresh <= 0) return one(this, '.fg-new')?.remove()
    let b = one<HTMLButtonElement>(this, '.fg-new')
    if (!b) {
      b = make('button', 'fg-button fg-plain fg-new') as HTMLButtonElement
      b.type = 'button'
      one(this, '.fg-comments')!.before(b)
    }
    b.textContent = fill(fresh === 1 ? this.words.new1 : this.words.new, {n: fresh})
    this.status(b.textContent)
  }

  private clicked = (e: MouseEvent) => {
    const a = (e.target as Element).closest<HTMLAnchorElement>('a,button')
    if (!a || e.ctrlKey || e.metaKey || e.shiftKey) return
    const query = a instanceof HTMLAnchorElement ? a.search.replace('?', '&') : ''
    if (a.matches('.fg-reply')) this.reply(a)
    else if (a.matches('.fg-signin')) this.signIn(a as HTMLAnchorElement)
    else if (a.matches('.fg-cancel')) this.cancel(a)
    else if (a.matches('.fg-next')) this.show(query, '', true)
    else if (a.closest('.fg-sort,.fg-pages')) this.show(query)
    else if (a.matches('.fg-new')) this.show('&sort=newest')
    else return
    e.preventDefault()
  }

  // reply puts a copy of the form under the comment that is answered.
  private reply(a: HTMLElement) {
    const comment = a.closest<HTMLElement>('.fg-comment')!
    const id = comment.id.slice(1)
    const open = one(comment, '.fg-form')
    if (open) return one(open, '.fg-area')!.focus()
    const form = one(this, '.fg-section > .fg-form')!.cloneNode(true) as HTMLFormElement
    form.querySelectorAll<HTMLElement>('[id],[for],[aria-describedby]').forEach(e => {
      for (const name of ['id', 'for', 'aria-describedby']) {
        const v = e.getAttribute(name)
        if (v) e.setAttribute(name, v.replaceAll(this.thread, id))
      }
    })
    form.id = 'form-' + id
    one(form, '.fg-quote')?.remove()
    one(form, '.fg-error')?.remove()
    one(form, '[name=parent_id]')?.remove()
    const parent = make('input') as HTMLInputElement
    Object.assign(parent, {type: 'hidden', name: 'parent_id', value: id})
    form.append(parent)
    one(form, '.fg-subtitle')!.textContent = fill(this.words.reply, {name: one(comment, '.fg-name')!.textContent!})
    const text = one<HTMLTextAreaElement>(form, '.fg-area')!
    text.value = ''
    this.draft(form, id)
    one(form, '.fg-buttons > .fg-act')?.remove()
    const cancel = make('button', 'fg-act fg-cancel', this.words.cancel) as HTMLButtonElement
    cancel.type = 'button'
    one(form, '.fg-buttons')!.append(cancel)
    comment.append(form)
    a.setAttribute('aria-expanded', 'true')
    text.focus()
  }

  private cancel(a: Element) {
    const comment = a.closest('.fg-comment')!
    a.closest('form')!.remove()
    const back = one(comment, '.fg-reply')!
    back.setAttribute('aria-expanded', 'false')
    back.focus()
  }

  // draft brings back what was typed, from this device where the author agreed.
  private draft(form: HTMLFormElement, key: string) {
    const kept = shelf.read()['_' + key]
    one<HTMLTextAreaElement>(form, '.fg-area')!.value ||= drafts.get(key) || kept?.[0] || ''
    one<HTMLInputElement>(form, '.fg-draft')!.checked = !!kept
  }

  private typed = (e: Event) => {
    const form = (e.target as HTMLInputElement).form
    if (!form?.matches('.fg-form')) return
    const key = parentOf(form) || this.thread
    const text = one<HTMLTextAreaElement>(form, '.fg-area')!.value
    drafts.set(key, text)
    this.shelve('_' + key, one<HTMLInputElement>(form, '.fg-draft')!.checked ? [text] : [])
  }

  // shelve keeps a list on this device, or forgets it where it is empty.
  private shelve(key: string, list: string[]) {
    const all = shelf.read()
    if (!list.length && !all[key]) return
    if (list.length) all[key] = list
    else delete all[key]
    shelf.write(all)
  }

  // counts fills in the reactions to a page of comments, which are no part of it.
  private async counts(section: HTMLElement) {
    if (!section.dataset.counts) return
    const {reactions} = await ask(section.dataset.counts)
    for (const id in reactions) this.mark(id, reactions[id])
  }

  private mark(id: string, n: Counts) {
    this.querySelectorAll<HTMLButtonElement>(`#k${id} .fg-react`).forEach(b => (b.textContent = b.textContent!.replace(/( \d+)?$/, n[b.value] ? ' ' + n[b.value] : '')))
  }

  private async react(b: HTMLButtonElement) {
    const on = b.ariaPressed !== 'true'
    const id = b.closest('.fg-comment')!.id.slice(1)
    const {reactions, title} = await ask(`${this.api}/api/v1/comments/${id}/reactions/${b.value}`, on ? 'PUT' : 'DELETE')
    if (!reactions) return this.status(title || this.words.unavailable)
    b.ariaPressed = `${on}`
    this.mark(id, reactions)
  }

  private senders = new WeakMap<HTMLFormElement, Sender>()

  private submitted = (e: SubmitEvent) => {
    const form = e.target as HTMLFormElement
    if (!form.matches('.fg-form,.fg-reacts')) return
    e.preventDefault()
    if (form.matches('.fg-reacts')) return this.react(e.submitter as HTMLButtonElement)
    let s = this.senders.get(form)
    if (!s) {
      s = new Sender(form, `${this.api}/api/v1/articles/${this.thread}`, this.words, () => this.getAttribute('token'), sent => this.sent(form, sent))
      this.senders.set(form, s)
    }
    s.send(one(this, '.fg-section')!.dataset.hints === '1')
  }

  // sent shows the author's own comment where it will stand; nobody else sees it.
  private sent(form: HTMLFormElement, s: Sent) {
    const parent = parentOf(form)
    drafts.delete(parent || this.thread)
    this.shelve('_' + (parent || this.thread), [])
    mine.set(this.thread, [...(mine.get(this.thread) || []), s])
    const own = this.own(s, parent ? form.closest('.fg-comment') : null)
    if (parent) form.remove()
    else one<HTMLTextAreaElement>(form, '.fg-area')!.value = ''
    this.senders.delete(form)
    one(form, '.fg-hints')?.remove()
    this.status(this.words.thanks)
    own.focus()
  }

  private own(s: Sent, after: Element | null = null) {
    const box = make('div', 'fg-comment fg-mine')
    box.tabIndex = -1
    const link = make('a', 'fg-act', this.words.receipt) as HTMLAnchorElement
    link.href = this.api + s.receipt
    const keep = make('label', 'fg-act')
    const tick = make('input') as HTMLInputElement
    tick.type = 'checkbox'
    tick.checked = (shelf.read()[this.thread] || []).includes(s.receipt)
    tick.onchange = () => this.keep(s.receipt, tick.checked)
    keep.append(tick, ' ' + this.words.remember)
    const text = make('div', 'fg-text')
    text.dir = 'auto'
    for (const p of s.text.split(/\n\s*\n/)) text.append(make('p', 'fg-p', p))
    box.append(make('p', 'fg-name', s.name), make('p', 'fg-note', `${this.words.waiting} ${s.expected_wait?.text || ''}`), text, link, keep)
    const form = one(this, '.fg-section > .fg-form')
    if (after) after.append(box)
    else if (form) form.before(box)
    else one(this, '.fg-section')!.append(box)
    return box
  }

  private keep(receipt: string, on: boolean) {
    const list = (shelf.read()[this.thread] || []).filter(r => r !== receipt)
    if (on) list.push(receipt)
    this.shelve(this.thread, list)
  }

  private status(words: string) {
    one(this, '.fg-status')!.textContent = words
  }
}

const parentOf = (form: HTMLFormElement) => one<HTMLInputElement>(form, '[name=parent_id]')?.value || ''

// style brings the section's style where the page has none.
const style = (api: string) => {
  if (one(document, 'link[href*="/embed."][rel=stylesheet]')) return
  const l = make('link') as HTMLLinkElement
  l.rel = 'stylesheet'
  l.href = api + '/embed.css'
  document.head.append(l)
}

if (!customElements.get('freigabe-comments')) {
  customElements.define('freigabe-comments', FreigabeComments)
  frames()
}
