import { z } from 'zod';
import { TaskId } from '#src/domain/ids.ts';
import { Message, MessageText } from '#src/domain/message.ts';
import { changes, tool } from '#src/mcp/tool.ts';

const sendMessage = tool({
  name: 'send_message',
  title: 'Say something to the agent of a task',
  description:
    "Kept first, then heard by the task's agent at its next turn, or by its next session when none is at work. interrupt ends the turn that it is in.",
  input: z.object({ taskId: TaskId, text: MessageText, interrupt: z.boolean().optional() }),
  output: z.object(Message.shape),
  annotations: changes,
  run: (client, { taskId: id, text, interrupt }) =>
    interrupt
      ? client.interruptTask({ params: { id }, body: { text } })
      : client.sendMessage({ params: { id }, body: { text } }),
});

export const talkTools = [sendMessage];
