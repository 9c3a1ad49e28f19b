// Runs before the first paint, so that nothing chosen flashes. A file of its own: the page allows no inline script.
try {
  const { theme, density, motion } = JSON.parse(
    globalThis.localStorage.getItem('vibetea.preferences') ?? '{}',
  )
  const { dataset } = globalThis.document.documentElement
  if (theme === 'dark' || theme === 'light') dataset.theme = theme
  if (density === 'comfortable') dataset.density = density
  if (motion === 'reduced') dataset.motion = motion
} catch {
  // Not ours, or cut off: the page takes its defaults.
}
