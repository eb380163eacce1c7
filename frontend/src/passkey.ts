// Passkeys on the desk: making one in the settings, and signing in by one. The
// buttons are hidden in the page and appear where the browser has passkeys.

const bytes = (text: string) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0))
const text = (b: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')

type Named = {id: string}

// post sends JSON and gives the answer; a refusal's own words are the error.
const post = async (path: string, body: unknown) => {
  const r = await fetch(path, {method: 'POST', headers: {'Content-Type': 'application/json', Accept: 'application/json'}, body: JSON.stringify(body)})
  const answer = await r.json()
  if (!r.ok) throw new Error(answer.title)
  return answer
}

const listed = (all: Named[] | undefined) => all?.map(c => ({...c, id: bytes(c.id)}))

// made asks the authenticator for a new passkey and gives it as JSON.
const made = async (o: any) => {
  const c = (await navigator.credentials.create({
    publicKey: {...o, challenge: bytes(o.challenge), user: {...o.user, id: bytes(o.user.id)}, excludeCredentials: listed(o.excludeCredentials)},
  })) as PublicKeyCredential
  const r = c.response as AuthenticatorAttestationResponse
  return {
    id: c.id, rawId: text(c.rawId), type: c.type, authenticatorAttachment: c.authenticatorAttachment, clientExtensionResults: c.getClientExtensionResults(),
    response: {clientDataJSON: text(r.clientDataJSON), attestationObject: text(r.attestationObject), transports: r.getTransports?.()},
  }
}

// shown asks the authenticator to sign and gives its answer as JSON.
const shown = async (o: any) => {
  const c = (await navigator.credentials.get({publicKey: {...o, challenge: bytes(o.challenge), allowCredentials: listed(o.allowCredentials)}})) as PublicKeyCredential
  const r = c.response as AuthenticatorAssertionResponse
  return {
    id: c.id, rawId: text(c.rawId), type: c.type, authenticatorAttachment: c.authenticatorAttachment, clientExtensionResults: c.getClientExtensionResults(),
    response: {clientDataJSON: text(r.clientDataJSON), authenticatorData: text(r.authenticatorData), signature: text(r.signature), userHandle: r.userHandle && text(r.userHandle)},
  }
}

const value = (name: string) => document.querySelector<HTMLInputElement>(`[name=${name}]`)?.value || ''

// what each button does, by its id.
const deeds: Record<string, () => Promise<{next: string}>> = {
  'passkey-add': async () => {
    const {publicKey} = await post('/desk/passkeys/options', {})
    return post('/desk/passkeys?name=' + encodeURIComponent(value('passkey-name')), await made(publicKey))
  },
  'passkey-use': async () => {
    const {publicKey} = await post('/desk/login/passkey/options', {email: value('email')})
    return post('/desk/login/passkey?next=' + encodeURIComponent(value('next')), await shown(publicKey))
  },
}

for (const [id, deed] of Object.entries(deeds)) {
  const button = document.querySelector<HTMLButtonElement>('#' + id)
  const box = button?.closest<HTMLElement>('[data-passkey]')
  if (!button || !box || !window.PublicKeyCredential) continue
  const says = box.querySelector<HTMLElement>('[role=alert]')!
  box.hidden = false
  button.addEventListener('click', async () => {
    button.disabled = true
    says.textContent = ''
    try {
      location.assign((await deed()).next)
    } catch (e) {
      // what the browser says of it is English and of no help; the server's words are ours
      says.textContent = e instanceof DOMException || e instanceof TypeError ? says.dataset.failed! : (e as Error).message
      button.disabled = false
    }
  })
}
