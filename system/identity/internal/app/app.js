// The app's page: it tells the browser that it can be installed, keeps its worker,
// and deletes what is on the device when nobody, or somebody else, is signed in.
const documents = document.querySelector("[data-documents]")

const manifest = document.createElement("link")
manifest.rel = "manifest"
manifest.href = "/app/manifest.webmanifest"
manifest.crossOrigin = "use-credentials"
document.head.append(manifest)

const forget = () => window.caches?.delete("tunduk-documents")

for (const form of document.querySelectorAll('form[action="/sign-out"]')) form.addEventListener("submit", forget)

if ("serviceWorker" in navigator) {
  const first = !navigator.serviceWorker.controller
  navigator.serviceWorker.register("/app/worker.js", { scope: "/app/" }).then(async () => {
    const ready = await navigator.serviceWorker.ready
    if (first && documents) ready.active.postMessage({ keep: location.pathname })
  }).catch(() => {})
}

// Without a network, what is not on the device says so.
const mark = async () => {
  const cache = await window.caches?.open("tunduk-documents")
  for (const link of document.querySelectorAll("[data-paper]")) {
    link.querySelector("[data-paper-away]").hidden = (await cache?.match(link.href)) !== undefined
  }
}

if (documents) {
  const check = async () => {
    let answer
    try {
      const response = await fetch("/app/here", { cache: "no-store" })
      if (!response.ok) return
      answer = await response.json()
    } catch {
      document.querySelector("[data-offline-shown]").hidden = false
      await mark()
      return
    }
    document.querySelector("[data-offline-shown]").hidden = true
    for (const words of document.querySelectorAll("[data-paper-away]")) words.hidden = true
    if (answer.session !== documents.dataset.documents) {
      await forget()
      location.replace("/app/")
    }
  }
  check()
  addEventListener("online", check)
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && check())
}

const install = document.querySelector("[data-install]")
addEventListener("beforeinstallprompt", (event) => {
  if (!install) return
  event.preventDefault()
  install.hidden = false
  install.addEventListener("click", () => event.prompt(), { once: true })
})
