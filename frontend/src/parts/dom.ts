// Small helpers of the reader's script.

// Words are the texts of the interface; the server writes them into the section,
// so that the script speaks no language of its own.
export type Words = Record<string, string>

// fill puts values into a text's placeholders.
export const fill = (text: string, values: Record<string, string | number>) =>
  text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''))

export const one = <E extends HTMLElement>(root: ParentNode, selector: string) => root.querySelector<E>(selector)

// ask gets a JSON answer, {} where there is none; what went wrong is in its title.
export const ask = (address: string, method = 'GET'): Promise<any> =>
  fetch(address, {method, credentials: 'omit'})
    .then(r => r.json())
    .catch(() => ({}))

// make builds an element with a class and a text; nothing is ever read as HTML.
export const make = (name: string, className = '', text = '') => {
  const e = document.createElement(name)
  if (className) e.className = className
  if (text) e.textContent = text
  return e
}

// ago writes the times of the last day as "12 minutes ago"; the full time stays as title.
export const ago = (root: ParentNode, lang: string) => {
  const form = new Intl.RelativeTimeFormat(lang, {numeric: 'auto'})
  root.querySelectorAll<HTMLTimeElement>('.fg-when').forEach(t => {
    const minutes = Math.round((Date.parse(t.dateTime) - Date.now()) / 6e4)
    if (minutes <= 0 && minutes > -1440) {
      t.title ||= t.textContent!
      t.textContent = minutes > -60 ? form.format(minutes, 'minute') : form.format(Math.ceil(minutes / 60), 'hour')
    }
  })
}

// shelf keeps what the author agreed to keep on this device; without that, and
// where the browser refuses, it keeps nothing.
const shelfName = 'freigabe'
export const shelf = {
  read: (): Record<string, string[]> => {
    try {
      return JSON.parse(localStorage.getItem(shelfName) || '{}')
    } catch {
      return {}
    }
  },
  write: (v: Record<string, string[]>) => {
    try {
      if (Object.keys(v).length) localStorage.setItem(shelfName, JSON.stringify(v))
      else localStorage.removeItem(shelfName)
    } catch {
      // a browser without storage keeps nothing
    }
  },
}
