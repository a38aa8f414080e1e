// Pages work without this: it adds what GOV.UK Frontend does with a script, such as moving to the list of errors.
import { initAll } from './govuk-frontend.min.js'

document.body.classList.add('js-enabled', 'govuk-frontend-supported')
initAll()
document.querySelector('[data-print]')?.removeAttribute('hidden')
document.querySelector('[data-print]')?.addEventListener('click', () => window.print())
for (const form of document.querySelectorAll('form[data-waits]')) {
  const status = form.querySelector('[data-waiting]')
  form.addEventListener('submit', () => { status.textContent = status.dataset.waiting })
  addEventListener('pageshow', () => { status.textContent = '' }) // Back
}
