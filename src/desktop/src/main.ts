import { mount } from 'svelte';

import './app.css';
import App from './App.svelte';
import { desk } from './desk.svelte';
import { keptTheme, useTheme } from './theme';

useTheme(keptTheme());
const target = document.getElementById('desk');
if (target) mount(App, { target });
void desk.open();
if (new URLSearchParams(location.search).has('debug')) {
  Object.defineProperty(window, 'trunklinePhone', { get: () => desk.phoneStats() });
}
