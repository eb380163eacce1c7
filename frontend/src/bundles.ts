// The handles of the bundles' chart. Without this script the page is two forms;
// with it the chart, the count and the verdict follow a handle while it moves.

interface Live {
  ranges: { lower: number; upper: number; verdict: string }[]
  counts: number[]
}

const root = document.querySelector<HTMLElement>('#range')
if (root?.dataset.live) follow(root, JSON.parse(root.dataset.live))

function follow(root: HTMLElement, live: Live) {
  const inputs = (name: string) => [...root.querySelectorAll<HTMLInputElement>(`input[name=${name}]`)]
  const between = root.querySelector('#between')!, verdict = root.querySelector('#verdict')!
  const words = between.textContent!
  const step = 5, least = live.ranges[0].upper, most = live.ranges[live.ranges.length - 1].upper
  const snap = (n: number, low: number, high: number) => Math.min(Math.max(Math.round(n / step) * step, low), high)

  root.addEventListener('input', event => {
    const moved = event.target as HTMLInputElement
    const value = (name: string) => Number(moved.name === name ? moved.value : inputs(name)[0].value)
    let upper = snap(value('upper'), least, most)
    const lower = snap(value('lower'), 0, most - step)
    if (lower >= upper) upper = moved.name === 'lower' ? snap(lower + step, least, most) : upper
    show(Math.min(lower, upper - step), upper, moved)
  })

  function show(lower: number, upper: number, moved: HTMLInputElement) {
    for (const [name, n] of [['lower', lower], ['upper', upper]] as const) {
      for (const input of inputs(name)) if (input !== moved || input.type === 'range') input.value = String(n)
      const line = root.querySelector(`.handle.${name}`)!
      for (const x of ['x1', 'x2']) line.setAttribute(x, String(n * Number(root.dataset.unit)))
    }
    let count = 0
    root.querySelectorAll('.chart rect').forEach((bar, i) => {
      const inside = i * step >= lower && i * step < upper
      bar.classList.toggle('in', inside)
      if (inside) count += live.counts[i]
    })
    const numbers = [lower, upper, count.toLocaleString(document.documentElement.lang)]
    let i = 0
    between.textContent = words.replace(/\d[\d.,\u202f\u00a0]*\d|\d/g, old => (i < 3 ? String(numbers[i++]) : old))
    verdict.textContent = live.ranges.find(r => r.lower === lower && r.upper === upper)?.verdict ?? ''
  }
}
