(()=>{var e=class extends HTMLElement{};customElements.get("freigabe-comments")||customElements.define("freigabe-comments",e);})();
