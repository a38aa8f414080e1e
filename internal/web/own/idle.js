// Warns two minutes before a session ends for want of use, and keeps it while somebody types. Without
// this the session ends all the same, and what was typed is kept by the server when it is sent.
const dialog = document.getElementById('idle')
const session = Number(dialog.dataset.minutes) * 60_000
const warning = 2 * 60_000
let typed = false
let ends = Date.now() + session

async function stay () {
  const answer = await fetch('/account/still-here', { redirect: 'manual' }).catch(() => null)
  if (answer?.ok) {
    ends = Date.now() + session
    typed = false
    dialog.close()
  } else if (answer) { // it leads to the sign-in page
    ends = 0
    look()
  }
}

function look () {
  const left = ends - Date.now()
  if (left > warning) return
  if (left > 0 && typed) return stay()
  dialog.querySelector('[data-before]').hidden = left <= 0
  dialog.querySelector('[data-after]').hidden = left > 0
  dialog.setAttribute('aria-labelledby', left > 0 ? 'idle-before' : 'idle-after')
  if (!dialog.open) dialog.showModal()
}

function close () {
  clearInterval(ticking)
  document.removeEventListener('visibilitychange', look)
  dialog.close()
}

document.addEventListener('input', () => { typed = true })
dialog.querySelector('[data-stay]').addEventListener('click', stay)
dialog.querySelector('[data-close]').addEventListener('click', close)
const ticking = setInterval(look, 10_000)
document.addEventListener('visibilitychange', look) // timers rest while a machine sleeps or another tab is looked at
