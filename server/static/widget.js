// The one tag a shop puts into its page:
//   <script src="https://HOST/widget.js" data-shop="demo" data-token-url="/my/token" async></script>
// Further attributes: data-lang (zh, en), data-color (#rrggbb), data-theme (light, dark), data-bottom (pixels kept free).
// The page may call XiaoerChat.signIn(token), signOut(), open(), close(), ask(text, {orderId, sku}), setLang(lang) at any time.
(() => {
  const tag = document.currentScript;
  const verbs = ["signIn", "signOut", "open", "close", "ask", "setLang"];
  const ready = import(new URL("./widget/element.js", tag.src).href).then(({ mount }) => mount(tag));
  const call = (verb) => (...args) => ready.then((chat) => chat[verb](...args));
  window.XiaoerChat = Object.freeze(Object.fromEntries(verbs.map((verb) => [verb, call(verb)])));
})();
