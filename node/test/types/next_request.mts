// The part of Next.js' `NextRequest` that is read.
export interface NextRequest extends Request {
  cookies: { get(name: string): { name: string; value: string } | undefined }
}
