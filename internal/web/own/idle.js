// Warns two minutes before a session ends for want of use, and keeps it while somebody types. Without
// this the session ends all the same, and what was typed is kept by the server when it is sent.
const dialog = document.getElementById('idle')
const session = Number(dialog.dataset.minutes) * 60_000
const warning = 2 * 60_000
let typed = false
let ends = Date.now() + session

async function stay () {
  const answer = await fetch('/account/still-here', { redirect: 'error' }).catch(() => null)
  if (answer?.ok) {
    ends = Date.now() + session
    typed = false
    dialog.close()
  }
}

function look () {
  const left = ends - Date.now()
  if (left > warning || left <= 0) return
  if (typed) stay()
  else if (!dialog.open) dialog.showModal()
}

document.addEventListener('input', () => { typed = true })
dialog.querySelector('[data-stay]').addEventListener('click', stay)
setInterval(look, 10_000)
