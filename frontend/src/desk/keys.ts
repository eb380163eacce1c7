// Keys act on the character typed, so that the layout does not matter. They rest
// in text fields, with modifiers, while a word is composed, and when held down.

export function onKeys(keys: Record<string, string>, act: (action: string) => boolean) {
  const any = Object.keys(keys).length > 0
  document.addEventListener('keydown', e => {
    const at = e.target instanceof HTMLElement ? e.target : document.body
    const writing = at.closest('input, textarea, select, [contenteditable]')
    if (e.key === 'Escape' && writing) return at.blur()
    if (writing || e.isComposing || e.repeat || e.altKey || e.metaKey || at.closest('dialog')) return
    const key = e.key.toLowerCase()
    if (e.ctrlKey) {
      if (key === 'z' && any && act('undo')) e.preventDefault()
      return
    }
    // The space bar presses the button that has the focus, as everywhere.
    if (key === ' ' && at.closest('button, summary, a')) return
    const action = keys[key]
    if (action && act(action)) e.preventDefault()
  })
}
