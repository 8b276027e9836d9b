// Keeps the lab for use without a connection. The page itself comes from the server while there is one, so that a new
// version shows at once; every other file has its content's hash in its name and never changes.
const version = "%VERSION%";
const files = ["%FILES%"];
const cacheName = `steepest-lab-${version}`;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(cacheName)
      .then((cache) => cache.addAll(files))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(
          names.filter((n) => n.startsWith("steepest-lab-") && n !== cacheName).map((n) => caches.delete(n)),
        ),
      )
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  event.respondWith(request.mode === "navigate" ? fresh(request) : kept(request));
});

async function fresh(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const page = await caches.match(new URL(".", self.registration.scope).href);
    if (page) return page;
    throw error;
  }
}

async function kept(request) {
  const here = await caches.match(request, { ignoreSearch: true });
  if (here) return here;
  const answer = await fetch(request);
  if (answer.ok && request.url.includes("/assets/")) {
    const cache = await caches.open(cacheName);
    await cache.put(request, answer.clone());
  }
  return answer;
}
