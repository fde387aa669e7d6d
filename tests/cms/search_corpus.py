"""Articles as a technical team writes them, and what buyers type to find them: (kind, query, the page meant).

Queries of the first part were written down by hand, without looking at how search works; those of the second are the
same ones bent by rule: another keyboard, half-spaces lost, vowel signs, one letter wrong. The bending is fixed by a
seed, so a run says the same as the last one.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

ZWNJ = "\u200c"


@dataclass(frozen=True)
class Text:
    slug: str
    device: str
    title: str
    summary: str
    body: str

    @property
    def everything(self) -> str:
        return f"{self.title} {self.summary} {self.body}".replace(ZWNJ, " ")


MILL, SCANNER, FURNACE, CAD, ANY = "M4", "i700", "S-1600", "CAD Pro", ""

TEXTS = [
    Text(
        "spindle-calibration",
        MILL,
        "کالیبراسیون اسپیندل دستگاه فرز M4",
        "هر سه ماه یک بار دقت اسپیندل را با بلوک مرجع بسنجید.",
        "بلوک مرجع ZG-4410-22 را در نگه‌دارنده ببندید و از منوی سرویس گزینهٔ کالیبراسیون را بزنید. دستگاه محورهای "
        "ایکس و ایگرگ را خودش صفر می‌کند. اگر خطای بیش از ۲۰ میکرون نشان داد، کار را تکرار کنید.",
    ),
    Text(
        "mill-installation",
        MILL,
        "نصب و راه‌اندازی دستگاه فرز M4",
        "جای دستگاه، تراز کردن، برق و هوای فشرده پیش از روشن کردن.",
        "دستگاه را روی میز محکم و تراز بگذارید. فشار هوای ورودی باید ۶ بار باشد. ارت را وصل کنید و "
        "پیچ‌های حمل را باز کنید.",
    ),
    Text(
        "mill-daily-care",
        MILL,
        "نظافت روزانهٔ محفظهٔ تراش",
        "پایان هر روز گرد و براده را جمع کنید تا ریل‌ها سالم بمانند.",
        "با مکنده براده‌های زیرکونیا را جمع کنید. پارچهٔ مرطوب بدون پرز بردارید و شیشهٔ در را پاک "
        "کنید. از باد کمپرسور استفاده نکنید.",
    ),
    Text(
        "mill-e12",
        MILL,
        "خطای E-12: فشار هوا کافی نیست",
        "وقتی فشار هوای ورودی از پنج بار پایین‌تر بیاید دستگاه می‌ایستد.",
        "شیر ورودی و فیلتر رطوبت‌گیر را نگاه کنید. شیلنگ نباید تا خورده باشد. پس از رسیدن فشار، کلید تأیید را بزنید.",
    ),
    Text(
        "mill-e27",
        MILL,
        "خطای E-27: گرم شدن بیش از اندازهٔ اسپیندل",
        "دمای اسپیندل از ۶۵ درجه گذشته است؛ بگذارید خنک شود.",
        "سطح مایع خنک‌کننده و پمپ گردش آب را بررسی کنید. اگر هر روز تکرار می‌شود یاتاقان‌ها فرسوده شده‌اند.",
    ),
    Text(
        "bur-replacement",
        MILL,
        "عوض کردن فرز و شمارش عمر ابزار",
        "فرز کند لبهٔ کار را می‌پراند؛ پس از شصت ساعت آن را عوض کنید.",
        "کولت را با آچار باز کنید، ابزار نو را تا انتها جا بزنید و در صفحهٔ ابزارها شمارنده را صفر "
        "کنید. شمارهٔ سفارش فرز ۲ میلی‌متری ZB-200-R است.",
    ),
    Text(
        "coolant",
        MILL,
        "تعویض مایع خنک‌کننده",
        "مایع را ماهی یک بار عوض کنید تا بو نگیرد و نازل‌ها نگیرند.",
        "مخزن را خالی و با آب مقطر آب‌کشی کنید. غلظت مادهٔ افزودنی سه درصد است. نازل‌های گرفته را با سوزن باز کنید.",
    ),
    Text(
        "mill-network",
        MILL,
        "اتصال فرز به شبکهٔ لابراتوار",
        "نشانی IP ثابت بدهید تا نرم‌افزار CAD دستگاه را گم نکند.",
        "کابل شبکه را وصل کنید، در تنظیمات نشانی ثابت وارد کنید و درگاه ۵۰۰۰ را در دیوار آتش باز بگذارید.",
    ),
    Text(
        "mill-firmware",
        MILL,
        "به‌روزرسانی نرم‌افزار داخلی دستگاه فرز",
        "نسخهٔ ۲.۱ سرعت خشن‌تراشی را بهتر می‌کند.",
        "پرونده را روی حافظهٔ USB بریزید، دستگاه را خاموش نکنید تا نوار پیشرفت تمام شود. این کار ده دقیقه زمان می‌برد.",
    ),
    Text(
        "belt",
        MILL,
        "کشش تسمهٔ محور زد",
        "تسمهٔ شل صدای تق‌تق می‌دهد و ارتفاع کار را به هم می‌ریزد.",
        "پوشش پشت را بردارید و با نیروسنج کشش را روی ۴۵ نیوتن بگذارید. شمارهٔ قطعهٔ تسمه ZG-7700-03 است.",
    ),
    Text(
        "scanner-calibration",
        SCANNER,
        "کالیبراسیون رنگ و عمق اسکنر i700",
        "اگر رنگ لثه زرد دیده می‌شود یا اسکن موج دارد، اسکنر را کالیبره کنید.",
        "سر کالیبراسیون را روی اسکنر بگذارید، برنامه را باز کنید و پیچ را آهسته بچرخانید تا نوار "
        "سبز شود. هفته‌ای یک بار کافی است.",
    ),
    Text(
        "scanner-tip",
        SCANNER,
        "ضدعفونی و اتوکلاو نوک اسکنر",
        "نوک را پس از هر بیمار بشویید و در ۱۳۴ درجه اتوکلاو کنید.",
        "آینهٔ نوک را با پارچهٔ نرم خشک کنید. هر نوک تا صد بار اتوکلاو می‌شود. شمارهٔ سفارش نوک نو MD-IS-0210 است.",
    ),
    Text(
        "scanner-installation",
        SCANNER,
        "نصب اسکنر درون‌دهانی i700",
        "رایانه با کارت گرافیک مناسب، درگاه USB 3 و نصب درایور.",
        "پیش از وصل کردن کابل، برنامه را نصب کنید. از هاب استفاده نکنید. کارت گرافیک باید دست‌کم "
        "هشت گیگابایت حافظه داشته باشد.",
    ),
    Text(
        "scanner-fog",
        SCANNER,
        "بخار گرفتن آینه هنگام اسکن",
        "گرم‌کن نوک را روشن کنید و پنج دقیقه صبر کنید.",
        "در تنظیمات، گزینهٔ ضد بخار را فعال کنید. اگر باز هم تصویر تار است، فن پشت اسکنر را از گرد پاک کنید.",
    ),
    Text(
        "scanner-lost",
        SCANNER,
        "قطع و وصل شدن اسکنر و پیام Device not found",
        "بیشتر وقت‌ها کابل یا درگاه USB مقصر است.",
        "کابل را از درگاه دیگری امتحان کنید و صرفه‌جویی انرژی درگاه را در ویندوز خاموش کنید. کابل "
        "یدک MD-IS-0330 را سفارش دهید.",
    ),
    Text(
        "scanner-strategy",
        SCANNER,
        "مسیر درست اسکن فک کامل",
        "از سطح جونده آغاز کنید، سپس زبانی و در پایان گونه‌ای.",
        "اسکنر را با فاصلهٔ پانزده میلی‌متر نگه دارید. بزاق را خشک کنید. هرگز از ناحیهٔ بی‌دندان آغاز نکنید.",
    ),
    Text(
        "scanner-export",
        SCANNER,
        "فرستادن اسکن به لابراتوار با قالب STL و PLY",
        "پرونده را خروجی بگیرید یا مستقیم از ابر بفرستید.",
        "در صفحهٔ سفارش، قالب را برگزینید. برای رنگ از PLY استفاده کنید. حجم هر فک حدود چهل مگابایت است.",
    ),
    Text(
        "scanner-button",
        SCANNER,
        "دکمهٔ اسکنر کار نمی‌کند",
        "دکمه را تمیز کنید و از برنامه بیازمایید.",
        "الکل زیر دکمه نفوذ می‌کند و آن را می‌چسباند. تا آمدن کارشناس می‌توانید با پدال پایی اسکن بگیرید.",
    ),
    Text(
        "furnace-calibration",
        FURNACE,
        "کالیبراسیون دمای کوره با حلقهٔ PTCR",
        "ماهی یک بار دمای واقعی کوره را با حلقه بسنجید.",
        "حلقه را میان سینی بگذارید و برنامهٔ آزمون را اجرا کنید. قطر را با ریزسنج بخوانید و اختلاف "
        "را در منوی تصحیح وارد کنید.",
    ),
    Text(
        "furnace-element",
        FURNACE,
        "تعویض المنت کورهٔ زینتر",
        "المنت شکسته یا سیاه‌شده را خودتان عوض نکنید؛ نشانه‌ها را بشناسید.",
        "اگر کوره به دما نمی‌رسد، مقاومت هر المنت را اندازه بگیرید. المنت مولیبدن شکننده است. "
        "شمارهٔ قطعه SF-1600-E4 است.",
    ),
    Text(
        "furnace-program",
        FURNACE,
        "ساختن برنامهٔ پخت زیرکونیا",
        "شیب گرمایش، دمای نگهداری و سرد شدن برای هر بلوک.",
        "برای زیرکونیای چندلایه شیب ۸ درجه در دقیقه و دمای پایانی ۱۵۳۰ درجه را وارد کنید. پخت سریع "
        "تنها برای تک‌واحدی است.",
    ),
    Text(
        "furnace-e03",
        FURNACE,
        "خطای F03: ترموکوپل قطع است",
        "کوره دما را نمی‌خواند و گرم کردن را می‌بندد.",
        "کانکتور ترموکوپل پشت کوره را محکم کنید. اگر برطرف نشد سیم آن بریده است و باید عوض شود.",
    ),
    Text(
        "furnace-first",
        FURNACE,
        "نخستین روشن کردن کوره و پخت خالی",
        "پیش از نخستین کار، کوره را یک بار خالی تا ۱۶۰۰ درجه گرم کنید.",
        "رطوبت عایق‌ها باید آرام بیرون برود. بوی کم در بار نخست عادی است. در را تا زیر دویست درجه باز نکنید.",
    ),
    Text(
        "furnace-power",
        FURNACE,
        "برق و کلید محافظ کورهٔ S-1600",
        "کورهٔ S-1600 مدار جداگانهٔ ۱۶ آمپر می‌خواهد.",
        "از رابط و چندراهی استفاده نکنید. نوسان برق به برد فرمان آسیب می‌زند؛ تثبیت‌کننده بگذارید.",
    ),
    Text(
        "furnace-stain",
        FURNACE,
        "لکهٔ زرد و سبز روی کارهای پخته",
        "آلودگی محفظه رنگ زیرکونیا را برمی‌گرداند.",
        "یک پخت پاک‌سازی با پودر مخصوص انجام دهید. دانه‌های سینی را عوض کنید و مایع رنگ را کامل خشک کنید.",
    ),
    Text(
        "furnace-door",
        FURNACE,
        "در کوره بسته نمی‌شود",
        "آسانسور سینی گیر کرده یا حسگر در کثیف است.",
        "ریل آسانسور را از خرده‌های سرامیک پاک کنید. حسگر را با پارچهٔ خشک تمیز کنید و نخست دستی پایین ببرید.",
    ),
    Text(
        "dongle-not-found",
        CAD,
        "دانگل شناخته نمی‌شود",
        "چراغ قفل سخت‌افزاری روشن نیست یا برنامه می‌گوید مجوز پیدا نشد.",
        "درایور Sentinel را دوباره نصب کنید. دانگل را بی‌واسطه به رایانه بزنید. سرویس مجوز را از نو راه بیندازید.",
    ),
    Text(
        "licence-activation",
        CAD,
        "فعال‌سازی لایسنس CAD Pro",
        "کلید فعال‌سازی را از پروندهٔ خرید بردارید و برخط یا با پرونده فعال کنید.",
        "در منوی راهنما گزینهٔ مجوز را باز کنید. کلید بیست و پنج نویسه دارد. هر کلید روی یک رایانه کار می‌کند.",
    ),
    Text(
        "licence-move",
        CAD,
        "بردن لایسنس به رایانهٔ دیگر",
        "نخست مجوز را روی رایانهٔ پیشین آزاد کنید.",
        "اگر رایانهٔ پیشین خراب شده است با پشتیبانی تماس بگیرید تا مجوز آزاد شود. سالی دو جابه‌جایی رایگان است.",
    ),
    Text(
        "cad-installation",
        CAD,
        "نصب CAD Pro روی ویندوز ۱۱",
        "حافظه، کارت گرافیک و سطح دسترسی پیش از نصب.",
        "نصب‌کننده را با دسترسی مدیر اجرا کنید. سی‌ودو گیگابایت حافظه پیشنهاد می‌شود. آنتی‌ویروس را موقت ببندید.",
    ),
    Text(
        "cad-backup",
        CAD,
        "پشتیبان گرفتن از پرونده‌های بیماران",
        "هر شب از پوشهٔ پروژه‌ها روی دیسک دیگری نسخهٔ پشتیبان بگیرید.",
        "در تنظیمات زمان‌بندی را روشن کنید. برای بازگرداندن، پوشه را روی جای پیشین بریزید و فهرست را تازه کنید.",
    ),
    Text(
        "cad-crash",
        CAD,
        "بسته شدن ناگهانی نرم‌افزار هنگام طراحی بریج",
        "درایور کارت گرافیک کهنه بیشترین علت است.",
        "درایور را از وبگاه سازنده بگیرید. کیفیت نمایش را پایین بیاورید. گزارش خرابی را برای ما بفرستید.",
    ),
    Text(
        "cad-library",
        CAD,
        "افزودن کتابخانهٔ ایمپلنت",
        "پروندهٔ کتابخانه را از سازندهٔ ایمپلنت بگیرید و وارد کنید.",
        "کتابخانه را در پوشهٔ libraries باز کنید و برنامه را از نو باز کنید. اسکن‌بادی باید با همان کتابخانه یکی باشد.",
    ),
    Text(
        "cad-network-licence",
        CAD,
        "مجوز شبکه‌ای برای چند رایانه",
        "دانگل روی سرور می‌ماند و رایانه‌ها از شبکه مجوز می‌گیرند.",
        "درگاه ۱۹۴۷ را در دیوار آتش باز کنید و نشانی سرور را در هر رایانه بنویسید.",
    ),
    Text(
        "cad-margin",
        CAD,
        "کشیدن خط خاتمهٔ تراش",
        "خط مارجین را خودکار بیابید و با دست درست کنید.",
        "روی لبه دوبار کلیک کنید. با بزرگ‌نمایی زیاد نقطه‌ها را جابه‌جا کنید. ضخامت سیمان را پنجاه میکرون بگذارید.",
    ),
    Text(
        "warranty-terms",
        ANY,
        "شرایط گارانتی و خدمات پس از فروش",
        "چه چیزهایی زیر پوشش گارانتی است و چه چیزهایی نیست.",
        "قطعه‌های مصرفی مانند فرز، نوک و المنت زیر پوشش نیستند. مدت ضمانت دوازده ماه از روز نصب است.",
    ),
    Text(
        "request-support",
        ANY,
        "چگونه درخواست پشتیبانی ثبت کنیم",
        "با عکس و شمارهٔ سریال زودتر پاسخ می‌گیرید.",
        "از صفحهٔ دستگاه گزینهٔ درخواست را بزنید. عکس صفحهٔ خطا را پیوست کنید. پاسخ‌ها پیامک می‌شود.",
    ),
    Text(
        "password-reset",
        ANY,
        "فراموش کردن رمز عبور پرتال",
        "با پشتیبانی تماس بگیرید تا رمز تازه بگیرید.",
        "پس از ورود، رمز را از صفحهٔ مشخصات من عوض کنید. رمز را با کسی در میان نگذارید.",
    ),
    Text(
        "compressor",
        ANY,
        "انتخاب کمپرسور و خشک‌کن هوا",
        "هوای خشک و بدون روغن عمر دستگاه‌ها را زیاد می‌کند.",
        "کمپرسور بی‌روغن با مخزن پنجاه لیتری کافی است. آب مخزن را هر روز خالی کنید.",
    ),
    Text(
        "remote-support",
        ANY,
        "پشتیبانی از راه دور با AnyDesk",
        "شناسهٔ نه‌رقمی را برای کارشناس بخوانید.",
        "برنامه را از وبگاه ما بگیرید. تا پایان کار کنار رایانه بمانید و پس از آن دسترسی را ببندید.",
    ),
    Text(
        "transport",
        ANY,
        "جابه‌جا کردن دستگاه به نشانی تازه",
        "قفل‌های حمل را ببندید و پس از جابه‌جایی دوباره تنظیم کنید.",
        "بسته‌بندی نخستین را نگه دارید. دستگاه را نخوابانید. پس از نصب دوباره تراز و کالیبراسیون لازم است.",
    ),
]

ASKED = [
    # as the title or the text has it
    ("exact", "کالیبراسیون اسپیندل", "spindle-calibration"),
    ("exact", "نصب و راه‌اندازی دستگاه فرز", "mill-installation"),
    ("exact", "تعویض مایع خنک‌کننده", "coolant"),
    ("exact", "کشش تسمه", "belt"),
    ("exact", "کالیبراسیون رنگ اسکنر", "scanner-calibration"),
    ("exact", "بخار گرفتن آینه", "scanner-fog"),
    ("exact", "اتوکلاو نوک اسکنر", "scanner-tip"),
    ("exact", "مسیر درست اسکن فک کامل", "scanner-strategy"),
    ("exact", "دکمهٔ اسکنر کار نمی‌کند", "scanner-button"),
    ("exact", "کالیبراسیون دمای کوره", "furnace-calibration"),
    ("exact", "تعویض المنت", "furnace-element"),
    ("exact", "برنامهٔ پخت زیرکونیا", "furnace-program"),
    ("exact", "ترموکوپل قطع است", "furnace-e03"),
    ("exact", "در کوره بسته نمی‌شود", "furnace-door"),
    ("exact", "دانگل شناخته نمی‌شود", "dongle-not-found"),
    ("exact", "پشتیبان گرفتن از پرونده‌های بیماران", "cad-backup"),
    ("exact", "کتابخانهٔ ایمپلنت", "cad-library"),
    ("exact", "شرایط گارانتی", "warranty-terms"),
    ("exact", "فراموش کردن رمز عبور", "password-reset"),
    ("exact", "خط خاتمهٔ تراش", "cad-margin"),
    # whole sentences
    ("sentence", "چطور اسپیندل دستگاه را کالیبره کنم", "spindle-calibration"),
    ("sentence", "چرا فشار هوا کم است و دستگاه می‌ایستد", "mill-e12"),
    ("sentence", "فرز را هر چند ساعت باید عوض کنم", "bur-replacement"),
    ("sentence", "موقع اسکن تصویر تار می‌شود", "scanner-fog"),
    ("sentence", "کوره به دما نمی‌رسد", "furnace-element"),
    ("sentence", "کار بعد از پخت زرد شده", "furnace-stain"),
    ("sentence", "برنامه موقع طراحی بسته می‌شود", "cad-crash"),
    ("sentence", "می‌خواهم لایسنس را روی کامپیوتر دیگر ببرم", "licence-move"),
    ("sentence", "رمز عبورم را فراموش کرده‌ام", "password-reset"),
    ("sentence", "می‌خواهیم دستگاه را به مطب جدید جابه‌جا کنیم", "transport"),
    ("sentence", "بار اول که کوره را روشن می‌کنیم چه کنیم", "furnace-first"),
    ("sentence", "از زیر دستگاه صدای تق‌تق می‌آید", "belt"),
    # half-spaces typed as spaces, left out, or put where others have none
    ("half-space", "راه اندازی دستگاه فرز", "mill-installation"),
    ("half-space", "راهاندازی دستگاه فرز", "mill-installation"),
    ("half-space", "به روز رسانی نرم افزار داخلی", "mill-firmware"),
    ("half-space", "بهروزرسانی نرمافزار فرز", "mill-firmware"),
    ("half-space", "مایع خنک کننده", "coolant"),
    ("half-space", "مایع خنککننده", "coolant"),
    ("half-space", "اسکنر درون دهانی", "scanner-installation"),
    ("half-space", "اسکنر دروندهانی", "scanner-installation"),
    ("half-space", "فعال سازی لایسنس", "licence-activation"),
    ("half-space", "فعالسازی لایسنس", "licence-activation"),
    ("half-space", "قفل سخت افزاری روشن نیست", "dongle-not-found"),
    ("half-space", "پرونده های بیماران", "cad-backup"),
    ("half-space", "جابه جایی لایسنس", "licence-move"),
    ("half-space", "جابجا کردن دستگاه", "transport"),
    ("half-space", "دکمه کار نمی کند", "scanner-button"),
    ("half-space", "دکمه کار نمیکند", "scanner-button"),
    # one and many, of mine and of yours
    ("endings", "تسمه‌ها", "belt"),
    ("endings", "نازل‌ها گرفته", "coolant"),
    ("endings", "المنت‌های کوره", "furnace-element"),
    ("endings", "دانگلم شناخته نمی‌شود", "dongle-not-found"),
    ("endings", "کتابخانه‌های ایمپلنت", "cad-library"),
    ("endings", "لکه‌های سبز", "furnace-stain"),
    ("endings", "بخار آینه‌ها", "scanner-fog"),
    ("endings", "کالیبراسیونِ کوره‌ها", "furnace-calibration"),
    ("endings", "تسمه‌ی محور", "belt"),
    ("endings", "رمزهای عبور", "password-reset"),
    ("endings", "گارانتیش", "warranty-terms"),
    ("endings", "کمپرسورها", "compressor"),
    ("endings", "ترموکوپلش", "furnace-e03"),
    ("endings", "نوک‌های اسکنر", "scanner-tip"),
    # not finished typing
    ("prefix", "کالیبر", "spindle-calibration scanner-calibration furnace-calibration"),
    ("prefix", "اسپین", "spindle-calibration mill-e27"),
    ("prefix", "خنک‌کن", "coolant mill-e27"),
    ("prefix", "ترموک", "furnace-e03"),
    ("prefix", "ایمپل", "cad-library"),
    ("prefix", "کتابخا", "cad-library"),
    ("prefix", "دانگ", "dongle-not-found cad-network-licence"),
    ("prefix", "فعال‌سا", "licence-activation"),
    ("prefix", "اتوکل", "scanner-tip"),
    ("prefix", "کمپرس", "compressor"),
    ("prefix", "پشتیبان گرف", "cad-backup"),
    ("prefix", "نصب اسک", "scanner-installation"),
    ("prefix", "عوض کردن فر", "bur-replacement"),
    ("prefix", "گارا", "warranty-terms"),
    # other words for it
    ("synonym", "تنظیم دقت اسپیندل", "spindle-calibration"),
    ("synonym", "ارور فشار هوا", "mill-e12"),
    ("synonym", "آپدیت نرم‌افزار داخلی", "mill-firmware"),
    ("synonym", "ارتقا نرم‌افزار فرز", "mill-firmware"),
    ("synonym", "تمیزکاری محفظه", "mill-daily-care"),
    ("synonym", "قفل سخت‌افزاری شناخته نمی‌شود", "dongle-not-found"),
    ("synonym", "مجوز CAD Pro", "licence-activation"),
    ("synonym", "هیتر کوره", "furnace-element"),
    ("synonym", "زینتر زیرکونیا", "furnace-program"),
    ("synonym", "ضمانت دستگاه", "warranty-terms"),
    ("synonym", "بکاپ پرونده‌ها", "cad-backup"),
    ("synonym", "پسورد", "password-reset"),
    ("synonym", "گذرواژه را فراموش کردم", "password-reset"),
    ("synonym", "سنسور در کوره", "furnace-door"),
    ("synonym", "سیم ترموکوپل", "furnace-e03"),
    ("synonym", "نصب برنامه روی ویندوز", "cad-installation"),
    ("synonym", "راه‌اندازی اسکنر", "scanner-installation"),
    ("synonym", "حرارت کوره", "furnace-calibration"),
    # in Latin letters
    ("latin", "calibration", "spindle-calibration scanner-calibration furnace-calibration"),
    ("latin", "spindle", "spindle-calibration mill-e27"),
    ("latin", "dongle", "dongle-not-found cad-network-licence"),
    ("latin", "furnace calibration", "furnace-calibration"),
    ("latin", "scanner calibration", "scanner-calibration"),
    ("latin", "kalibrasion koore", "furnace-calibration"),
    ("latin", "AnyDesk", "remote-support"),
    ("latin", "anydesk", "remote-support"),
    ("latin", "STL", "scanner-export"),
    ("latin", "ply", "scanner-export"),
    ("latin", "Sentinel", "dongle-not-found"),
    ("latin", "ptcr", "furnace-calibration"),
    ("latin", "device not found", "scanner-lost"),
    ("latin", "cad pro license", "licence-activation"),
    ("latin", "backup", "cad-backup"),
    ("latin", "network", "mill-network cad-network-licence"),
    ("latin", "komperesor", "compressor"),
    ("latin", "garanti", "warranty-terms"),
    # numbers of parts and errors
    ("number", "E-12", "mill-e12"),
    ("number", "E12", "mill-e12"),
    ("number", "e 12", "mill-e12"),
    ("number", "خطای E۱۲", "mill-e12"),
    ("number", "ارور e27", "mill-e27"),
    ("number", "F03", "furnace-e03"),
    ("number", "f 03", "furnace-e03"),
    ("number", "خطای F-03", "furnace-e03"),
    ("number", "ZG-4410-22", "spindle-calibration"),
    ("number", "zg441022", "spindle-calibration"),
    ("number", "zg 4410 22", "spindle-calibration"),
    ("number", "ZG-7700-03", "belt"),
    ("number", "ZG7700", "belt"),
    ("number", "MD-IS-0210", "scanner-tip"),
    ("number", "md is 0330", "scanner-lost"),
    ("number", "SF-1600-E4", "furnace-element"),
    ("number", "ZB-200-R", "bur-replacement"),
    ("number", "S1600", "furnace-power"),
    ("number", "s 1600 برق", "furnace-power"),
    ("number", "نصب i 700", "scanner-installation"),
    ("number", "درگاه ۱۹۴۷", "cad-network-licence"),
    ("number", "1947", "cad-network-licence"),
    ("number", "پخت ١٥٣٠ درجه", "furnace-program"),
    ("number", "نسخه ۲.۱", "mill-firmware"),
]

_NEIGHBOURS = {
    "ا": "لتب",
    "ب": "یلا",
    "پ": "چج",
    "ت": "انم",
    "ج": "حچ",
    "چ": "جپ",
    "خ": "هح",
    "د": "ذر",
    "ر": "زدذ",
    "ز": "رط",
    "س": "شی",
    "ش": "سص",
    "ط": "زظ",
    "ف": "قغ",
    "ق": "فث",
    "ک": "گم",
    "گ": "ک",
    "ل": "ابی",
    "م": "نک",
    "ن": "تم",
    "و": "ئد",
    "ه": "عخ",
    "ی": "سب",
    "ع": "غه",
    "غ": "عف",
    "ص": "ضث",
    "ذ": "دئ",
}
_VOWELS = "\u064e\u064f\u0650\u0651"


def bent() -> list[tuple[str, str, str]]:
    """The hand-written queries as other keyboards and hasty fingers would have typed them."""
    chance = random.Random(1405)
    plain = [(query, page) for kind, query, page in ASKED if kind in {"exact", "sentence"}]
    numbers = [(query, page) for kind, query, page in ASKED if kind == "number"]
    found = []
    for query, page in plain[:16]:
        found.append(("arabic letters", query.replace("ی", "ي").replace("ک", "ك").replace("هٔ", "ة"), page))
        found.append(
            ("vowel signs", "".join(c + (chance.choice(_VOWELS) if c in _NEIGHBOURS else "") for c in query), page)
        )
    for query, page in numbers:
        if any(c.isdigit() for c in query):
            digits = chance.choice(("۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩"))
            found.append(("digits", "".join(digits[int(c)] if c.isdigit() else c for c in query), page))
    for query, page in plain:
        for slip in (substituted, swapped, left_out, doubled):
            found.append((f"typo: {slip.__name__.replace('_', ' ')}", misspelled(query, slip, chance), page))
    return [*found, *alone(chance)]


def alone(chance) -> list[tuple[str, str, str]]:
    """One word and nothing to guess it by: the longest of each title, misspelled; any page that has it will do."""
    longest = {max(text.title.replace(ZWNJ, " ").replace(":", "").split(), key=len) for text in TEXTS}
    found = []
    for word in sorted(word for word in longest if len(word) > 4 and not word.isascii()):
        pages = " ".join(
            text.slug for text in TEXTS if word in f"{text.title} {text.summary} {text.body}".replace(ZWNJ, " ")
        )
        for slip in (substituted, swapped, left_out, doubled):
            found.append((f"word alone: {slip.__name__.replace('_', ' ')}", slip(word, chance), pages))
    return found


def misspelled(query, slip, chance) -> str:
    """The query with one slip in its longest word, as a person would make it in the middle of typing."""
    longest = max(query.replace(ZWNJ, " ").split(), key=len)
    return query.replace(longest, slip(longest, chance), 1)


def substituted(word, chance):
    place = chance.choice([i for i, c in enumerate(word) if c in _NEIGHBOURS])
    return word[:place] + chance.choice(_NEIGHBOURS[word[place]]) + word[place + 1 :]


def swapped(word, chance):
    place = chance.choice([i for i in range(len(word) - 1) if word[i] != word[i + 1]])
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def left_out(word, chance):
    place = chance.randrange(1, len(word))
    return word[:place] + word[place + 1 :]


def doubled(word, chance):
    place = chance.randrange(len(word))
    return word[: place + 1] + word[place:]


CORPUS = [*ASKED, *bent()]
