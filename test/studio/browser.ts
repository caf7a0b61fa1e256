import { rmSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import type { SpanwiseOptions } from 'spanwise'
import type { ServeOptions } from 'spanwise/server'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { buildStudio, fill, openBrowser, openSite, type Site, world } from './world.ts'

interface Opening {
  readonly app?: Partial<SpanwiseOptions>
  readonly server?: ServeOptions
  /** false: an empty store */
  readonly isFilled?: boolean
}

/** A browser for all tests of a file, and for each of them a site of its own with a page on it. */
export interface Stage {
  readonly site: Site
  readonly page: Page
  /** errors that the page told of; what a test expects it takes out */
  readonly said: string[]
  /** Another page in place of the one that is there. */
  visit(viewport: { readonly width: number; readonly height: number }): Promise<Page>
  /** Another site in place of the one that is there, and a page on it. */
  reopen(opening: Opening): Promise<void>
}

export function useStage(): Stage {
  let studio: string
  let browser: Browser
  let site: Site
  let page: Page
  let said: string[] = []

  const visit = async (viewport = { width: 1280, height: 800 }): Promise<Page> => {
    const made = await browser.newPage({ viewport })
    said = []
    made.on('pageerror', (error) => said.push(String(error)))
    made.on('console', (message) => {
      // a server that is restarted is one that cannot be reached for a moment
      const isGone = /ERR_CONNECTION_(REFUSED|RESET)/.test(message.text())
      if (message.type() === 'error' && !isGone) said.push(message.text())
    })
    return made
  }
  const open = async ({ app = {}, server = {}, isFilled = true }: Opening = {}): Promise<void> => {
    world.isMended = false
    site = await openSite(studio, { app, server })
    if (isFilled) await fill(site)
    page = await visit()
  }
  const close = async (): Promise<void> => {
    await page.close()
    await site[Symbol.asyncDispose]()
  }

  beforeAll(async () => {
    ;[studio, browser] = await Promise.all([buildStudio(), openBrowser()])
  })
  afterAll(async () => {
    await browser.close()
    rmSync(studio, { recursive: true, force: true })
  })
  beforeEach(() => open())
  afterEach(async () => {
    await close()
    // nothing goes wrong unseen, whatever a test looks at
    expect(said).toEqual([])
  })
  return {
    get site() {
      return site
    },
    get page() {
      return page
    },
    get said() {
      return said
    },
    async visit(viewport) {
      await page.close()
      page = await visit(viewport)
      return page
    },
    async reopen(opening) {
      await close()
      await open(opening)
    },
  }
}

/** Clicks are counted, and so is the time: what a task costs is part of what is promised. */
export function counted(on: Page) {
  const began = performance.now()
  let clicks = 0
  const click = async (role: Parameters<Page['getByRole']>[0], name: string | RegExp): Promise<void> => {
    await on.getByRole(role, { name }).first().click()
    clicks++
  }
  const choose = async (label: string, value: string): Promise<void> => {
    await on.getByLabel(label).selectOption(value)
    clicks++
  }
  const done = (most: number): void => {
    expect(clicks).toBe(most)
    expect(performance.now() - began).toBeLessThan(60_000)
  }
  return { click, choose, done }
}
