import { describe } from 'vitest'
import { testApiKeys } from './testsuite/api-keys.testsuite.ts'
import { testBudgets } from './testsuite/budgets.testsuite.ts'
import type { OpenForTest } from './testsuite/build.testsuite.ts'
import { testCache } from './testsuite/cache.testsuite.ts'
import { testDeaths } from './testsuite/deaths.testsuite.ts'
import { testDebounce } from './testsuite/debounce.testsuite.ts'
import { testDecisions } from './testsuite/decisions.testsuite.ts'
import { testFailures } from './testsuite/failures.testsuite.ts'
import { testForks } from './testsuite/fork.testsuite.ts'
import { testLedger } from './testsuite/ledger.testsuite.ts'
import { testLog } from './testsuite/log.testsuite.ts'
import { testMail } from './testsuite/mail.testsuite.ts'
import { testMemories } from './testsuite/memories.testsuite.ts'
import { testModelCalls } from './testsuite/model-calls.testsuite.ts'
import { testRates } from './testsuite/rates.testsuite.ts'
import { testRequests } from './testsuite/requests.testsuite.ts'
import { testRetention } from './testsuite/retention.testsuite.ts'
import { testRuns } from './testsuite/runs.testsuite.ts'
import { testSchedules } from './testsuite/schedules.testsuite.ts'
import { testStreams } from './testsuite/streams.testsuite.ts'
import { testWebhooks } from './testsuite/webhooks.testsuite.ts'
import { testWork } from './testsuite/work.testsuite.ts'

/** What every store must do. `open` is called once per test and gives a new, empty store. */
export function testStore(name: string, open: OpenForTest): void {
  describe(name, () => {
    testRuns(open)
    testMail(open)
    testWork(open)
    testForks(open)
    testFailures(open)
    testModelCalls(open)
    testDecisions(open)
    testRates(open)
    testDebounce(open)
    testDeaths(open)
    testSchedules(open)
    testRetention(open)
    testLog(open)
    testLedger(open)
    testBudgets(open)
    testCache(open)
    testApiKeys(open)
    testMemories(open)
    testStreams(open)
    testRequests(open)
    testWebhooks(open)
  })
}
