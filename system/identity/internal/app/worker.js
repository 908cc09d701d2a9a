// VERSION and LOOK stand before this: see app_page.go. What belongs to a person
// is in one cache, which is deleted as soon as nobody is signed in.
const DOCUMENTS = "tunduk-documents"
const SHELL = `tunduk-look-${VERSION}`
const HOME = "/app/"

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(LOOK)).then(() => self.skipWaiting()))
})

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== DOCUMENTS && name !== SHELL) await caches.delete(name)
    await self.clients.claim()
  })())
})

// keep takes a fresh answer of the home page: documents are kept, and the answer
// for somebody who is not signed in deletes what was kept. A server in trouble
// has said nothing about the person.
const keep = async (response) => {
  if (response.status >= 500) return
  if (response.ok && !response.redirected && response.headers.has("X-Kept-Until")) {
    await (await caches.open(DOCUMENTS)).put(HOME, response.clone())
  } else {
    await caches.delete(DOCUMENTS)
  }
}

const kept = async () => {
  const found = await (await caches.open(DOCUMENTS)).match(HOME)
  if (found && Number(found.headers.get("X-Kept-Until")) > Date.now()) return found
  await caches.delete(DOCUMENTS)
}

const home = async (request) => {
  let response
  try {
    response = await fetch(request)
  } catch {
    return (await kept()) ?? (await caches.match("/app/offline")) ?? Response.error()
  }
  await keep(response)
  return response
}

const look = async (request, path) => {
  const cache = await caches.open(SHELL)
  if (path.includes("?v=")) return (await cache.match(request)) ?? fetch(request)
  try {
    return await fetch(request)
  } catch {
    return (await cache.match(request)) ?? Response.error()
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== "GET" || url.origin !== location.origin) return
  if (request.mode === "navigate") {
    if (url.pathname === HOME) event.respondWith(home(request))
    else event.respondWith(fetch(request).catch(async () => (await caches.match("/app/offline")) ?? Response.error()))
    return
  }
  const path = url.pathname + url.search
  if (LOOK.includes(path)) event.respondWith(look(request, path))
})

// The first page was there before the worker: it asks to be kept as well.
self.addEventListener("message", (event) => {
  if (event.data !== "keep") return
  event.waitUntil(fetch(HOME, { redirect: "manual" }).then(keep).catch(() => {}))
})
