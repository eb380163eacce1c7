var{token:e,origin:o}=document.querySelector("main").dataset;window.opener&&e&&o&&(window.opener.postMessage({freigabeToken:e},o),window.close());
