// pm2 start deploy/ecosystem.config.cjs
module.exports = {
  apps: [
    {
      name: 'nightly',
      script: 'src/main.ts',
      interpreter: 'node',
      // a store has one worker: never cluster mode
      exec_mode: 'fork',
      instances: 1,
      env: { DATA: '/var/lib/nightly', SPANWISE_RELEASE: process.env.SPANWISE_RELEASE ?? 'dev' },
      // longer than `grace`
      kill_timeout: 60000,
      exp_backoff_restart_delay: 500,
    },
  ],
}
