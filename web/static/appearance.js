// Runs before the first paint, so that a dark room never sees a white flash. A file of its own, not an inline
// script, so that the page can be served under a policy that forbids inline scripts.
(function () {
  var saved = {};
  try {
    saved = JSON.parse(localStorage.getItem('holdfast:appearance') || '{}') || {};
  } catch {
    // Storage is blocked: the system's own appearance stands.
  }
  var root = document.documentElement;
  var isDark =
    saved.theme === 'dark' || (saved.theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  root.dataset.theme = isDark ? 'dark' : 'light';
  if (typeof saved.accent === 'string') root.dataset.accent = saved.accent;
  if (saved.density === 'compact') root.dataset.density = 'compact';
  if (isDark) document.querySelector('meta[name="theme-color"]').setAttribute('content', '#14181f');
})();
