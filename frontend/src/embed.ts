// The reader's script. Without it the section works by links and forms; what it
// adds is written in the element's own methods.
class FreigabeComments extends HTMLElement {}
if (!customElements.get('freigabe-comments')) customElements.define('freigabe-comments', FreigabeComments)
