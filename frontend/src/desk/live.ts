// What changes in the queue, told by the server as long as the page is seen.

export interface News {
  waits: Record<string, number>
  changed?: string[]
  here: { article: string; name: string }[]
}

export class Live {
  private source?: EventSource

  constructor(private on: boolean, private tell: (n: News) => void, private state: (s: 'live' | 'live.lost' | 'live.off') => void) {
    document.addEventListener('visibilitychange', () => this.tune())
    addEventListener('pagehide', () => this.source?.close())
    this.tune()
  }

  toggle() {
    this.on = !this.on
    this.tune()
  }

  private tune() {
    this.source?.close()
    this.source = undefined
    if (!this.on) return this.state('live.off')
    if (document.hidden) return
    const s = this.source = new EventSource('/desk/events')
    s.onopen = () => this.state('live')
    s.onerror = () => this.state('live.lost')
    s.onmessage = e => this.tell(JSON.parse(e.data))
  }
}
