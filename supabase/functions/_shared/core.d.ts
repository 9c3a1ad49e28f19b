export * from '../../core.ts'
