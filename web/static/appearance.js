// Runs before the first paint, so that a dark room never sees a white flash. A file of its own, not an inline
// script, so that the page can be served under a policy that forbids inline scripts.
(function () {
  try {
    var saved = JSON.parse(localStorage.getItem('holdfast:appearance') || '{}');
    var root = document.documentElement;
    if (saved.theme === 'light' || saved.theme === 'dark') root.dataset.theme = saved.theme;
    if (typeof saved.accent === 'string') root.dataset.accent = saved.accent;
  } catch (error) {
    // Storage is blocked: the system's own appearance stands.
  }
})();
