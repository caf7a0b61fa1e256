import { QueryClient } from '@tanstack/react-query'
import { ApiError } from 'spanwise/client'

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // what the server refuses, it refuses again; what cannot be reached comes back
      retry: (failures, error) => !(error instanceof ApiError && error.status < 500) && failures < 3,
      staleTime: 2_000,
    },
  },
})
