import { mount } from 'svelte'
import '@fontsource-variable/inter'
import '@fontsource-variable/jetbrains-mono'
import './styles/tokens.css'
import './styles/base.css'
import Root from './Root.svelte'
import { App } from './lib/app.svelte.ts'

const app = new App(window, window.fetch.bind(window))
app.start()
mount(Root, { target: document.getElementById('app')!, props: { app } })
