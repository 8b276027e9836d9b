// A model that `steepest train` made, used in a page. Nothing is sent anywhere: the file is read once, and the page computes.
import { loadRun } from "steepest/predict";

const form = document.querySelector("form")!;
const output = document.querySelector("output")!;

const answer = await fetch("model.safetensors");
const model = await loadRun(new Uint8Array(await answer.arrayBuffer()), { where: "model.safetensors" });

// the file says which columns there are, and which words they know
const { input } = model.spec;
if (input.kind !== "table") throw new Error("this page is for models of tables");
for (const { name, words } of input.encoding.features) {
  const field = document.createElement(words === null ? "input" : "select");
  field.name = name;
  if (field instanceof HTMLSelectElement) field.append(...words!.map((word) => new Option(word)));
  else Object.assign(field, { type: "number", step: "any", required: true });
  const label = document.createElement("label");
  label.append(name, field);
  form.append(label);
}

function show(): void {
  if (!form.checkValidity()) {
    output.value = "Fill in every field.";
    return;
  }
  const row = Object.fromEntries(new FormData(form));
  const [said] = model.predict([row]);
  const { prediction, probability } = said!;
  const sure = probability === undefined ? "" : ` (${(100 * probability).toFixed(1)} %)`;
  output.value = `${typeof prediction === "number" ? prediction.toPrecision(5) : String(prediction)}${sure}`;
}
form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());
show();
