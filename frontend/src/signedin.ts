// Hands the token of a reader who has just signed in to the page that opened this
// window, one of the site's own, and closes the window. The token is kept nowhere.

const {token, origin} = document.querySelector<HTMLElement>('main')!.dataset
if (window.opener && token && origin) {
  window.opener.postMessage({freigabeToken: token}, origin)
  window.close()
}
