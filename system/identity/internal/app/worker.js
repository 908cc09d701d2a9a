// VERSION and LOOK stand before this: see app_page.go. What belongs to a person
// is in one cache, which is deleted as soon as nobody is signed in.
const DOCUMENTS = "tunduk-documents"
const SHELL = `tunduk-look-${VERSION}`
const HOME = "/app/"
const PAPER = /^\/app\/documents\/[0-9a-f-]{36}$/
const MOST = 30 // documents kept, those last opened

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(LOOK)).then(() => self.skipWaiting()))
})

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== DOCUMENTS && name !== SHELL) await caches.delete(name)
    await self.clients.claim()
  })())
})

const whose = (response) => response?.headers.get("X-Kept-For")

// keep takes a fresh answer of a page with documents: it is kept, and the answer
// for somebody who is not signed in deletes everything that was kept. A server in
// trouble has said nothing about the person; one whose neighbour is in trouble
// says less than what is kept already. What another session has left is deleted.
const keep = async (path, response) => {
  if (response.status >= 500) return
  if (response.ok && !response.redirected && response.headers.has("X-Kept-Until")) {
    const cache = await caches.open(DOCUMENTS)
    for (const each of await cache.keys()) {
      const before = await cache.match(each)
      if (whose(before) !== whose(response)) await cache.delete(each)
    }
    if (response.headers.has("X-Kept-Partly") && (await cache.match(path))) return
    await cache.put(path, response.clone())
    const papers = (await cache.keys()).filter((each) => PAPER.test(new URL(each.url).pathname))
    for (const old of papers.slice(0, Math.max(0, papers.length - MOST))) await cache.delete(old)
  } else if (response.status === 404) {
    await (await caches.open(DOCUMENTS)).delete(path)
  } else {
    await caches.delete(DOCUMENTS)
  }
}

const kept = async (path) => {
  const cache = await caches.open(DOCUMENTS)
  const found = await cache.match(path)
  if (found && Number(found.headers.get("X-Kept-Until")) > Date.now()) return found
  await cache.delete(path)
}

const shown = async (path, request) => {
  let response
  try {
    response = await fetch(request)
  } catch {
    return (await kept(path)) ?? (await caches.match("/app/offline")) ?? Response.error()
  }
  if (response.status >= 500 && path !== HOME) return (await kept(path)) ?? response
  await keep(path, response)
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
    if (url.pathname === HOME || PAPER.test(url.pathname)) event.respondWith(shown(url.pathname, request))
    else event.respondWith(fetch(request).catch(async () => (await caches.match("/app/offline")) ?? Response.error()))
    return
  }
  const path = url.pathname + url.search
  if (LOOK.includes(path)) event.respondWith(look(request, path))
})

// The first page was there before the worker: it asks to be kept as well.
self.addEventListener("message", (event) => {
  const path = event.data?.keep
  if (path !== HOME && !PAPER.test(path)) return
  event.waitUntil(fetch(path, { redirect: "manual" }).then((response) => keep(path, response)).catch(() => {}))
})
