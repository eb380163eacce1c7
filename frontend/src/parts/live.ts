import {ask} from './dom'

// Live tells how many comments are released: by server-sent events while the
// section is on the screen, by asking once a minute where a line cannot be kept.
export class Live {
  private line?: EventSource
  private timer = 0
  private seen: IntersectionObserver
  private visible = false

  constructor(private host: HTMLElement, private api: string, private article: string, private tell: (count: number) => void) {
    this.seen = new IntersectionObserver(entries => {
      this.visible = entries[entries.length - 1].isIntersecting
      this.turn()
    }, {rootMargin: '200px'})
    this.seen.observe(host)
    document.addEventListener('visibilitychange', this.turn)
  }

  private turn = () => {
    if (!this.visible || document.hidden) return this.close()
    if (this.line || this.timer) return
    this.line = new EventSource(`${this.api}/api/v1/articles/${this.article}/events`)
    this.line.addEventListener('count', e => this.tell(JSON.parse((e as MessageEvent).data).count))
    this.line.onerror = () => {
      if (this.line?.readyState !== EventSource.CLOSED) return // it connects again by itself
      this.close()
      this.timer = window.setInterval(this.poll, 60e3)
    }
  }

  private poll = async () => {
    const {counts} = await ask(`${this.api}/api/v1/counts?id=${this.article}`)
    if (counts) this.tell(counts[this.article]) // else the next round asks again
  }

  private close() {
    this.line?.close()
    this.line = undefined
    clearInterval(this.timer)
    this.timer = 0
  }

  stop() {
    this.seen.disconnect()
    document.removeEventListener('visibilitychange', this.turn)
    this.close()
  }
}
