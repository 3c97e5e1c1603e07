declare global {
  namespace App {
    interface PageState {
      readonly taskId?: string;
    }
  }
}

export {};
