// The triage screen's script. Without it, the same page is a form.

import { Triage } from './desk/triage'

const root = document.getElementById('triage')
if (root?.dataset.setup) {
  const setup = JSON.parse(root.dataset.setup)
  if (setup.decides) new Triage(root, setup)
}
