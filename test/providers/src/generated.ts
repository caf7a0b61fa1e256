import { dice } from '../../simulation/dice.ts'
import type { Question } from './question.ts'

/** Sums in words, answered by one who is mostly right and one who often is not. */
export function generatedQuestions(count: number): Question[] {
  const throws = dice('generated questions')
  return Array.from({ length: count }, (_, n): Question => {
    const boxes = throws.between(2, 40)
    const each = throws.between(2, 30)
    const gone = throws.between(1, boxes)
    const answer = boxes * each - gone
    const told = (correct: boolean): string => {
      const said = correct ? answer : answer + throws.between(1, 9)
      // now and then somebody counts box by box: answers are of very different lengths, as real ones are
      const counted =
        n % 97 === 96 ? Array.from({ length: boxes }, (_, i) => `Box ${i + 1} brings it to ${(i + 1) * each}.\n`) : []
      return `${counted.join('')}There are ${boxes} * ${each} = ${boxes * each} parts in the boxes.\nWithout the ${gone} broken ones that leaves ${said}.\n#### ${said}`
    }
    const strong = throws.chance(0.93)
    const weak = throws.chance(0.62)
    return {
      prompt: `Delivery ${n + 1} has ${boxes} boxes with ${each} parts in each. ${gone} of the parts are broken. How many parts can be used?`,
      strong: { text: told(strong), correct: strong },
      weak: { text: told(weak), correct: weak },
    }
  })
}
