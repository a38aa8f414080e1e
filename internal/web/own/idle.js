// Warns two minutes before a session ends for want of use, and keeps it while somebody types. How long it lasts yet is asked
// of the server, which knows what is done in other tabs; to ask is no use of it. Without this the session ends all the same,
// and what was typed is kept by the server when it is sent.
const dialog = document.getElementById('idle')
const [before, after] = ['[data-before]', '[data-after]'].map(part => dialog.querySelector(part))
const minute = 60_000
const session = Number(dialog.dataset.minutes) * minute
const warning = 2 * minute
let used = Date.now() // when the server was last told of a use of this page
let ends = used + session // as far as this page knows
let over = false // the end has been said

async function stay () {
  used = Date.now()
  const answer = await fetch('/account/still-here', { redirect: 'manual' }).catch(() => null)
  if (answer) ends = answer.ok ? used + session : 0 // it leads to the sign-in page
  look()
}

async function look () {
  if (ends - Date.now() <= warning) {
    const answer = await fetch('/account/time-left').catch(() => null)
    if (answer?.ok) return say(Number(await answer.text()) * 1000)
  }
  if (!over) say(Math.max(ends - Date.now(), 1)) // the end is never said unasked
}

function say (left) {
  ends = Date.now() + left
  if (left > warning) {
    over = false
    return dialog.close()
  }
  const ended = left <= 0
  if (over && ended) return
  over = ended
  if (dialog.open && after.hidden === !ended) return
  before.hidden = ended
  after.hidden = !ended
  dialog.setAttribute('aria-labelledby', ended ? 'idle-after' : 'idle-before')
  dialog.close()
  dialog.showModal() // anew: the focus goes to the button that is there now
}

document.addEventListener('input', () => { if (Date.now() - used > minute) stay() })
dialog.querySelector('[data-stay]').addEventListener('click', stay)
dialog.querySelector('[data-close]').addEventListener('click', () => dialog.close())
setInterval(() => { if (!over) look() }, 10_000)
document.addEventListener('visibilitychange', look) // timers rest while a machine sleeps or another tab is looked at
