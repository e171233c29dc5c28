/* A button in each example copies it; of a session, only what is typed. */

const PROMPT = /^(>>>|\.\.\.)( |$)/;

function getInput(text) {
  const typed = text.split("\n").filter((line) => PROMPT.test(line));
  return text.includes(">>> ")
    ? typed.map((line) => line.slice(4)).join("\n") : text.trimEnd();
}

for (const example of document.querySelectorAll("div.highlight")) {
  const button = document.createElement("button");
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    const text = example.querySelector("pre").textContent;
    await navigator.clipboard.writeText(getInput(text));
    button.textContent = "Copied";
  });
  example.append(button);
}
