export const mails: readonly string[] = [
  'My parcel was to come on Monday. It is Thursday. Where is it?',
  'The blue mug arrived in four pieces. I have a photo.',
  'Do you ship to Iceland, and what does it cost?',
  'I was charged twice for order 1042.',
  'Can I change the address? I ordered an hour ago.',
  'Your newsletter comes three times a day. Please stop it.',
  'The lamp flickers. Is that normal for the first days?',
  'I would like to return the shoes: they are too small.',
  'When will the green kettle be there again?',
  'Thank you, the birthday present came just in time!',
  'The discount code SPRING does not work.',
  'I cannot log in, and the mail to reset my password does not come.',
]
