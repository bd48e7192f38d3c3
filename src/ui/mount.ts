/** Puts the app on the page, given its ports. */
import { mount } from 'svelte';
import App from './App.svelte';
import type { AppPorts } from './state/context.ts';
import { rememberedAppearance, showAppearance } from './state/appearance.ts';
import './styles/tokens.css';
import './styles/base.css';

export function mountApp(target: HTMLElement, ports: AppPorts): void {
  showAppearance(rememberedAppearance());
  mount(App, { target, props: { ports } });
}
