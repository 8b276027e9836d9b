import { mount } from "svelte";
import App from "./app/App.svelte";
import "katex/dist/katex.min.css";
import "./app/theme.css";
import "./app/page.css";
import "./app/bench.css";

mount(App, { target: document.getElementById("app")! });

if (import.meta.env.PROD && "serviceWorker" in navigator && window.isSecureContext) {
  window.addEventListener("load", () => {
    // without it the lab works all the same, only not offline: private windows refuse it
    navigator.serviceWorker.register("./service-worker.js").catch((e: unknown) => console.info(String(e)));
  });
}
