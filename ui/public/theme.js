// Runs before the first paint, so that a chosen theme does not flash. A file of its own: the page allows no inline script.
{
  const theme = globalThis.localStorage.getItem('vibetea.theme')
  if (theme === 'dark' || theme === 'light') globalThis.document.documentElement.dataset.theme = theme
}
