// Starts the interface. A file of its own because the content policy allows no script inside the page.
import start from "./ui/tendenko_ui.js";

await start({ module_or_path: new URL("./ui/tendenko_ui_bg.wasm", import.meta.url) });
