import {fill, make, one, Words} from './dom'

// Sent is the answer to a submission.
export type Sent = {id: string; receipt: string; expected_wait?: {text: string}; text: string; name: string}

type Hint = {name: string; passages: {text: string}[]}
type Field = HTMLInputElement | HTMLTextAreaElement

// Sender sends a form of the section without leaving the page. Where anything
// goes wrong the text stays and the form says what to do.
export class Sender {
  private key = ''
  private shown = '' // the text for which a hint was shown

  constructor(private form: HTMLFormElement, private api: string, private words: Words, private token: () => string | null, private done: (s: Sent) => void) {}

  private field = (name: string) => this.form.elements.namedItem(name) as Field | null
  private value = (name: string) => this.field(name)?.value ?? ''

  async send(hints: boolean) {
    const button = one<HTMLButtonElement>(this.form, '.fg-button')!
    const label = button.textContent
    button.disabled = true
    button.textContent = this.words.sending
    this.say('')
    try {
      if (!(hints && (await this.hinted()))) await this.post()
    } catch {
      this.say(this.words.away)
    }
    button.disabled = false
    button.textContent = label
  }

  private ask = (path: string, body: unknown) =>
    fetch(this.api + path, {
      method: 'POST',
      credentials: 'omit',
      headers: {
        'Content-Type': 'application/json',
        ...(this.token() && {Authorization: 'Bearer ' + this.token()}),
        ...(path === '/comments' && {'Idempotency-Key': (this.key ||= crypto.getRandomValues(new Uint32Array(4)).join('-'))}),
      },
      body: JSON.stringify(body),
    })

  // hinted shows passages that may break a rule, once for a text: the second
  // click sends it as it is. A hint that cannot be had holds nothing up.
  private async hinted() {
    const text = this.value('text').trim()
    one(this.form, '.fg-hints')?.remove()
    if (this.shown || !text) return false
    const r = await this.ask('/hints', {text}).catch(() => undefined)
    const hints: Hint[] = r?.ok ? (await r.json()).hints : []
    if (!hints.length) return false
    this.shown = text
    const box = make('div', 'fg-notice fg-hints')
    box.append(make('p', 'fg-p', this.words.hint))
    for (const h of hints) for (const p of h.passages) box.append(make('p', 'fg-p', fill(this.words.passage, {passage: p.text, rule: h.name})))
    box.append(make('p', 'fg-p', this.words.unchanged))
    box.tabIndex = -1
    one(this.form, '.fg-buttons')!.before(box)
    box.focus()
    return true
  }

  private async post() {
    const text = this.value('text')
    const name = this.value('name')
    const trap = this.value('leave_empty')
    if (trap) return this.form.submit() // the server says what to do about it
    const r = await this.ask('/comments', {
      text,
      parent_id: this.value('parent_id'),
      author: {name, email: this.value('email')},
      notify: (this.field('notify') as HTMLInputElement | null)?.checked,
      age: (this.field('age') as HTMLInputElement | null)?.checked,
      hinted: !!this.shown && this.shown !== text.trim(),
    })
    const answer = await r.json()
    if (r.ok) return this.done({...answer, text, name: answer.name || name})
    if (r.status === 403) one(this.form.parentNode!, '.fg-signon')?.removeAttribute('hidden')
    this.say(answer.title, answer.field)
    if (r.status < 500) this.key = ''
  }

  private say(words: string, field = '') {
    let p = one(this.form, '.fg-error')
    this.form.querySelectorAll('[aria-invalid]').forEach(e => e.removeAttribute('aria-invalid'))
    if (!words) return p?.remove()
    if (!p) {
      p = make('p', 'fg-error')
      p.setAttribute('role', 'alert')
      one(this.form, '.fg-subtitle')!.after(p)
    }
    p.textContent = words
    const wrong = field && this.field(field)
    if (!wrong) return
    wrong.setAttribute('aria-invalid', 'true')
    wrong.focus()
  }
}
