/** `/login#code=…`: the code is taken out of the address bar at once, then exchanged for a cookie. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { messageOf } from '#src/errors.ts';
import { SignIn } from '../components/sign-in.tsx';
import { api, sessionQuery } from '../queries.ts';
import { Notice } from '../ui/notice.tsx';

export function LoginPage() {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const started = useRef(false);
  const { mutate, error, isIdle, isPending } = useMutation({
    mutationFn: (code: string) => api.login({ body: { code } }),
    onSuccess: async () => {
      queryClient.setQueryData(sessionQuery.queryKey, 'in');
      await navigate({ to: '/', replace: true });
    },
  });
  useEffect(() => {
    // A code is good for one exchange: a second effect must not spend it again.
    if (started.current) return;
    started.current = true;
    const code = new URLSearchParams(location.hash.slice(1)).get('code');
    history.replaceState(history.state, '', '/login');
    if (code) mutate(code);
  }, [mutate]);
  if (isPending) return <main className="m-auto p-6 text-second">Signing in…</main>;
  return <SignIn>{!isIdle && error && <Notice tone="err">{messageOf(error)}</Notice>}</SignIn>;
}
