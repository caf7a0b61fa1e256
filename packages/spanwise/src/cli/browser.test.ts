import { expect, it } from 'vitest'
import { canBrowse, openerOf } from './browser.ts'

it('a browser is opened where somebody sits in front of it only', () => {
  const screen = { DISPLAY: ':0' }
  expect(canBrowse(screen, true, 'linux')).toBe(true)
  expect(canBrowse({ WAYLAND_DISPLAY: 'wayland-0' }, true, 'linux')).toBe(true)
  expect(canBrowse({}, true, 'darwin')).toBe(true)
  expect(canBrowse({}, true, 'linux')).toBe(false)
  expect(canBrowse(screen, false, 'linux')).toBe(false)
  expect(canBrowse({ ...screen, CI: 'true' }, true, 'linux')).toBe(false)
  expect(canBrowse({ ...screen, SSH_CONNECTION: '10.0.0.7 1 10.0.0.8 22' }, true, 'linux')).toBe(false)
  expect(canBrowse({ ...screen, BROWSER: 'none' }, true, 'darwin')).toBe(false)
})

it('it is the one that the machine, or its user, says', () => {
  expect(openerOf({ BROWSER: 'firefox' }, 'linux')).toEqual(['firefox'])
  expect(openerOf({}, 'linux')).toEqual(['xdg-open'])
  expect(openerOf({}, 'darwin')).toEqual(['open'])
  expect(openerOf({}, 'win32')[0]).toBe('cmd')
})
